import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../../loadtest/flags.js';
import { busyWindow } from '../../../../loadtest/live/busy-window.js';

const trace = { firstSecond: 10, requests: [1, 2, 3, 9, 4, 5, 6, 7] };
const window = (seconds: number, fromSecond?: number) => busyWindow(trace, { seconds, fromSecond });

describe('busyWindow', () => {
  it('has the busiest second in its middle', () => {
    assert.deepEqual(window(3), { firstSecond: 12, requests: [3, 9, 4] });
  });

  it('ends with the trace where the middle is too near to an end', () => {
    assert.deepEqual(window(7), { firstSecond: 10, requests: [1, 2, 3, 9, 4, 5, 6] });
    const late = { firstSecond: 0, requests: [1, 2, 9] };
    assert.equal(busyWindow(late, { seconds: 2, fromSecond: undefined }).firstSecond, 1);
  });

  it('begins where it is told to', () => {
    assert.deepEqual(window(2, 16), { firstSecond: 16, requests: [6, 7] });
  });

  it('refuses seconds that the trace does not have, and names the flags', () => {
    for (const wrong of [() => window(9), () => window(2, 17), () => window(2, 9)]) {
      assert.throws(
        wrong,
        (error) =>
          error instanceof UsageError &&
          /has the seconds 10 to 17, .*change --live-seconds or --live-from/.test(error.message),
      );
    }
  });
});
