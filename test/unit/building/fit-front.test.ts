import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frontOf } from '../../../src/building/fit-front.js';
import type { FitPoint } from '../../../src/building/fit-job.js';

function point(ms: number, agreement: number): FitPoint {
  return { recipe: {}, ms, agreement, sizeBytes: 1, fits: false };
}

describe('frontOf', () => {
  it('has those that no other beats in both, fastest first', () => {
    const points = [point(5, 1), point(1, 0.5), point(2, 0.4), point(3, 0.9), point(3, 0.8)];
    assert.deepEqual(frontOf(points), [point(1, 0.5), point(3, 0.9), point(5, 1)]);
  });

  it('has one of two that are equal, and nothing of nothing', () => {
    assert.equal(frontOf([point(1, 0.5), point(1, 0.5)]).length, 1);
    assert.deepEqual(frontOf([]), []);
  });
});
