import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countEntities, f1Of, totalCounts } from '../../../loadtest/score.js';

const gold = [
  { label: 'PER', start: 0, end: 4 },
  { label: 'LOC', start: 10, end: 14 },
] as const;

describe('countEntities', () => {
  it('takes an entity for right only if label, start and end all are', () => {
    const predicted = [
      { label: 'PER', start: 0, end: 4 },
      { label: 'ORG', start: 10, end: 14 },
      { label: 'LOC', start: 10, end: 13 },
    ];

    assert.deepEqual(countEntities(gold, predicted), { correct: 1, predicted: 3, gold: 2 });
  });

  it('counts an entity that is answered twice as right once', () => {
    const twice = [gold[0], gold[0]];

    assert.deepEqual(countEntities(gold, twice), { correct: 1, predicted: 2, gold: 2 });
  });
});

describe('f1Of', () => {
  it('is micro F1 over all counts: the harmonic mean of precision and recall', () => {
    const total = totalCounts([
      { correct: 1, predicted: 2, gold: 1 },
      { correct: 2, predicted: 2, gold: 5 },
    ]);

    assert.equal(f1Of(total), 0.6);
  });

  it('is 0 where nothing is right, and NaN where there was nothing to find', () => {
    assert.equal(f1Of({ correct: 0, predicted: 0, gold: 3 }), 0);
    assert.ok(Number.isNaN(f1Of({ correct: 0, predicted: 0, gold: 0 })));
  });
});
