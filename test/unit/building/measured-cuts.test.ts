import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { measuredCutF1 } from '../../../src/building/measured-cuts.js';
import type { FullRecipe } from '../../../src/compress/recipe.js';
import { cardSchema, type Card } from '../../../src/registry/card.js';
import { cardOf } from '../../support/cards.js';

const cut = {
  name: '2x0.5',
  layers: [1, 3],
  heads: 0.5,
  ffn: 0.5,
  fp32: { f1: { validation: 0.7 } },
  int8: { f1: { validation: 0.6, test: 0.5 } },
};
const parent: Card = { ...cardOf('elastic', 0.9), evaluation: { cuts: { cuts: [cut] } } };
const recipe: FullRecipe = {
  precision: 'int8',
  layers: [1, 3],
  heads: 0.5,
  ffn: 0.5,
  embeddings: 'int8',
};

describe('measuredCutF1', () => {
  it('is the F1 of the cut in the precision that it is made in', () => {
    assert.equal(measuredCutF1(parent, recipe), 0.6);
    assert.equal(
      measuredCutF1(parent, { ...recipe, precision: 'fp16-stored', embeddings: 'float' }),
      0.7,
    );
    assert.equal(measuredCutF1(parent, { ...recipe, precision: 'fp32', embeddings: 'float' }), 0.7);
  });

  it('is unknown for what was not measured', () => {
    const others: Partial<FullRecipe>[] = [
      { layers: [0, 3] },
      { heads: 1 },
      { ffn: 0.25 },
      { precision: 'w8' },
      { precision: 'fp16-compute', embeddings: 'float' },
      { weightBits: 7 },
      { embeddings: 'float' },
    ];
    for (const other of others) {
      assert.equal(
        measuredCutF1(parent, { ...recipe, ...other }),
        undefined,
        JSON.stringify(other),
      );
    }
    assert.equal(measuredCutF1({ ...parent, evaluation: {} }, recipe), undefined);
    assert.equal(measuredCutF1({ ...parent, quality: null }, recipe), undefined);
    const onTest = { ...parent, quality: { ...parent.quality!, split: 'test' as const } };
    assert.equal(measuredCutF1(onTest, recipe), 0.5);
  });

  it('reads the card of the released elastic model', () => {
    const card = cardSchema.parse(JSON.parse(readFileSync('models/elastic/card.json', 'utf8')));
    const whole = { ...recipe, layers: [0, 1, 2, 3, 4, 5], heads: 1, ffn: 1, embeddings: 'float' };
    assert.equal(
      measuredCutF1(card, { ...whole, precision: 'fp16-stored' } as FullRecipe),
      card.quality?.value,
    );
  });
});
