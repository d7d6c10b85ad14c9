import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { StopTimeoutError, stopInOrder } from '../../src/stop-in-order.js';

const HOUR_MS = 3_600_000;

/** What has been waited for is over, and what follows from it has begun. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Drains and ends when the test says so. */
function stoppable() {
  const calls: string[] = [];
  let [drained, ended] = [(): void => undefined, (): void => undefined];
  const app = {
    drain: () => {
      calls.push('drain');
      return new Promise<void>((resolve) => (drained = resolve));
    },
    close: () => {
      calls.push('close');
      return new Promise<void>((resolve) => (ended = resolve));
    },
  };
  return { app, calls, drained: () => drained(), ended: () => ended() };
}

describe('stopInOrder', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('ends what is left when the drain is over, and not before', async () => {
    const { app, calls, drained, ended } = stoppable();
    const stopped = stopInOrder(app);
    await settled();
    assert.deepEqual(calls, ['drain']);

    drained();
    await settled();
    assert.deepEqual(calls, ['drain', 'close']);
    ended();

    await stopped;
  });

  it('takes nothing of the time for the end for a drain that was long', async () => {
    const { app, drained, ended } = stoppable();
    const stopped = stopInOrder(app);
    mock.timers.tick(HOUR_MS);
    drained();
    await settled();
    mock.timers.tick(4_999);
    ended();

    await stopped;
  });

  it('gives up on an end that does not come', async () => {
    const { app, drained } = stoppable();
    const stopped = assert.rejects(stopInOrder(app), StopTimeoutError);
    drained();
    await settled();
    mock.timers.tick(5_000);

    await stopped;
  });

  it('rejects with what went wrong', async () => {
    const wrong = new Error('no drain');
    const drain = (): Promise<void> => Promise.reject(wrong);

    await assert.rejects(stopInOrder({ drain, close: () => Promise.resolve() }), wrong);
  });
});
