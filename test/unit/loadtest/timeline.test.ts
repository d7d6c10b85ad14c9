import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recoveryOf, type SecondFigures } from '../../../loadtest/timeline.js';

/** Seconds of 100 requests, so many of them in time. */
function timeline(inTime: readonly number[]): SecondFigures[] {
  return inTime.map((count, second) => {
    return {
      second,
      requests: 100,
      inTime: count,
      late: 100 - count,
      shed: 0,
      failed: 0,
      variants: {},
    };
  });
}

const burst = { fromSecond: 2, untilSecond: 4 };

describe('recoveryOf', () => {
  it('is the time from the end of the burst to the first second as good as before', () => {
    const recovery = recoveryOf(timeline([100, 96, 30, 10, 20, 60, 94, 100, 100]), burst);

    assert.deepEqual(recovery, { before: 0.98, during: 0.2, seconds: 2 });
  });

  it('does not count a good second that bad ones follow', () => {
    const recovery = recoveryOf(timeline([100, 100, 30, 10, 98, 60, 98, 99]), burst);

    assert.equal(recovery?.seconds, 2);
  });

  it('is 0 where the burst leaves nothing behind, and null where the end comes first', () => {
    assert.equal(recoveryOf(timeline([100, 100, 30, 10, 99, 99]), burst)?.seconds, 0);
    assert.equal(recoveryOf(timeline([100, 100, 30, 10, 50, 90]), burst)?.seconds, null);
  });

  it('is not known where nothing is before or after the burst', () => {
    assert.equal(recoveryOf(timeline([100, 100, 30, 10]), burst), undefined);
    const atOnce = { fromSecond: 0, untilSecond: 1 };
    assert.equal(recoveryOf(timeline([100, 100]), atOnce), undefined);
  });
});
