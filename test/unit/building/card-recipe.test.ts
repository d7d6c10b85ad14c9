import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  cardRecipe,
  isCut,
  precisionOfCard,
  cardInWords,
} from '../../../src/building/card-recipe.js';
import { PRECISIONS, type FullRecipe } from '../../../src/compress/recipe.js';
import { cardSchema, type Card } from '../../../src/registry/card.js';
import { cardOf } from '../../support/cards.js';

const full: FullRecipe = {
  precision: 'fp32',
  layers: [0, 1],
  ffn: 1,
  heads: 1,
  embeddings: 'float',
};

function released(name: string): Card {
  return cardSchema.parse(JSON.parse(readFileSync(`models/${name}/card.json`, 'utf8')));
}

function cardWith(recipe: Card['recipe']): Card {
  return { ...cardOf('a', 0.9), recipe };
}

describe('cardRecipe', () => {
  it("writes int8 of full in the words of the Python quantizer's card", () => {
    const layers = [0, 1, 2, 3, 4, 5];
    const recipe: FullRecipe = {
      precision: 'int8',
      weightBits: 8,
      layers,
      ffn: 1,
      heads: 1,
      embeddings: 'int8',
    };

    assert.deepEqual(cardRecipe(recipe, released('full')), released('full-int8').recipe);
  });

  it('writes halves of full in the words of the exported card', () => {
    const recipe: FullRecipe = { ...full, precision: 'fp16-stored', layers: [0, 1, 2, 3, 4, 5] };

    assert.deepEqual(cardRecipe(recipe, released('full')), released('full').recipe);
  });

  it('comes back as the precision that it was written from, for each of them', () => {
    for (const precision of PRECISIONS) {
      const recipe = cardRecipe({ ...full, precision }, released('full'));
      assert.equal(precisionOfCard(cardWith(recipe)), precision);
    }
  });

  it('says that embeddings which stay float are stored as in the parent', () => {
    const recipe: FullRecipe = { ...full, precision: 'int8' };
    assert.equal(cardRecipe(recipe, released('full')).embeddings, 'fp16');
    assert.equal(cardRecipe(recipe, cardWith({ precision: 'fp32' })).embeddings, 'fp32');
    assert.equal(cardRecipe(recipe, released('full-int8')).embeddings, 'int8-per-row');
  });

  it('tells weights of 7 bits, and nothing of the usual 8', () => {
    const recipe: FullRecipe = { ...full, precision: 'int8' };
    assert.equal(cardRecipe({ ...recipe, weightBits: 7 }, released('full')).weightBits, 7);
    assert.ok(!('weightBits' in cardRecipe({ ...recipe, weightBits: 8 }, released('full'))));
  });
});

describe('precisionOfCard', () => {
  it('takes the word alone where a card says no more, and knows nothing of other words', () => {
    assert.equal(precisionOfCard(cardWith({ precision: 'fp32' })), 'fp32');
    assert.equal(precisionOfCard(cardWith({ precision: 'int8-dynamic' })), 'int8');
    assert.equal(precisionOfCard(cardWith({ precision: 'w4' })), 'w4');
    assert.equal(precisionOfCard(cardWith({ precision: 'fp8' })), undefined);
  });
});

describe('isCut', () => {
  it('is true where layers or units go, and false where only the precision changes', () => {
    assert.equal(isCut({ precision: 'int8' }), false);
    assert.equal(isCut({ layers: [0, 1], ffn: 1 }, 2), false);
    assert.equal(isCut({ layers: [0] }, 2), true);
    assert.equal(isCut({ layers: [0, 1] }), true);
    assert.equal(isCut({ ffn: 0.5 }), true);
    assert.equal(isCut({ heads: 0.5 }), true);
  });
});

describe('cardInWords', () => {
  it('names the precision, the layers, and the shares that are not whole', () => {
    assert.equal(cardInWords(released('pruned-ffn50-int8')), 'int8, layers 0 1 2 3 4 5, ffn 50 %');
    assert.equal(cardInWords(cardWith({ precision: 'odd', weightBits: 7 })), 'odd, 7 bits');
  });
});
