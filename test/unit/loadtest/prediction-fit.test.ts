import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitPrediction } from '../../../loadtest/prediction-fit.js';

describe('fitPrediction', () => {
  it('finds the slowdown and the dispatch that runs were made with', () => {
    const runs = [0.3, 1, 2, 5, 20].map((profileMs) => ({ profileMs, ms: 1.4 * profileMs + 0.5 }));
    const { slowdown, dispatchMs } = fitPrediction(runs);
    assert.ok(Math.abs(slowdown - 1.4) < 1e-9 && Math.abs(dispatchMs - 0.5) < 1e-9);
  });

  it('is never negative', () => {
    const { slowdown, dispatchMs } = fitPrediction([
      { profileMs: 1, ms: 0.5 },
      { profileMs: 10, ms: 10 },
    ]);
    assert.equal(dispatchMs, 0);
    assert.ok(slowdown > 0);
  });

  it('refuses runs of one length, which tell nothing apart', () => {
    const alike = [1, 2, 3].map((ms) => ({ profileMs: 2, ms }));
    assert.throws(() => fitPrediction(alike), RangeError);
  });
});
