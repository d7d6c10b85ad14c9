import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { elasticOfChild, unitOrderOf } from '../../../src/building/elastic-order.js';
import { cardSchema } from '../../../src/registry/card.js';
import { cardOf } from '../../support/cards.js';

describe('unitOrderOf', () => {
  it('is the stored order where the card says so of heads and channels', () => {
    assert.equal(unitOrderOf({ heads: 'stored', ffn: 'stored' }), 'stored');
  });

  it('gives each layer its lists, and the stored order to what has none', () => {
    assert.deepEqual(
      unitOrderOf({
        heads: [
          [1, 0],
          [0, 1],
        ],
        ffn: 'stored',
      }),
      [
        { heads: [1, 0], ffn: undefined },
        { heads: [0, 1], ffn: undefined },
      ],
    );
    assert.deepEqual(unitOrderOf({ heads: 'stored', ffn: [[2, 0, 1]] }), [
      { heads: undefined, ffn: [2, 0, 1] },
    ]);
  });

  it('leaves a card without it to the norms of weights', () => {
    assert.equal(unitOrderOf(undefined), undefined);
  });
});

describe('elasticOfChild', () => {
  it('passes the stored order on, since a cut keeps it, and no lists, which it does not', () => {
    assert.deepEqual(
      elasticOfChild({ heads: 'stored', ffn: 'stored', trained: { ffn: [0.5, 1] } }),
      { heads: 'stored', ffn: 'stored' },
    );
    assert.equal(elasticOfChild({ heads: [[0, 1]], ffn: 'stored' }), undefined);
    assert.equal(elasticOfChild(undefined), undefined);
  });
});

describe('elastic of a card', () => {
  it('is taken, and refused where heads and channels are of different numbers of layers', () => {
    const card = { ...cardOf('a', 0.9), elastic: { heads: [[0]], ffn: [[0], [0]] } };
    const parsed = cardSchema.safeParse(card);
    assert.match(parsed.error?.message ?? '', /1 layers of heads, 2 of channels/);
    assert.ok(cardSchema.safeParse({ ...card, elastic: { heads: [[0]], ffn: 'stored' } }).success);
  });
});
