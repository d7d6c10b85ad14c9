import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { monotonicMs } from '../../../loadtest/monotonic-clock.js';
import { pace } from '../../../loadtest/pacer.js';

describe('pace', () => {
  it('calls for each instant once, in order, never early, and as far apart as asked', async () => {
    const offsetsMs = [-3.5, 0, 0, 1.25, 1.25, 12, 12.1, 20];
    const calls: { index: number; dueAt: number; calledAt: number }[] = [];

    await pace({
      offsetsMs,
      onDue: (index, dueAt) => calls.push({ index, dueAt, calledAt: monotonicMs() }),
    });

    assert.deepEqual(
      calls.map(({ index }) => index),
      offsetsMs.map((_, index) => index),
    );
    for (const { index, dueAt, calledAt } of calls) {
      assert.ok(calledAt >= dueAt);
      assert.ok(Math.abs(dueAt - calls[0]!.dueAt - (offsetsMs[index]! + 3.5)) < 1e-3);
    }
  });

  it('resolves at once where there is nothing to do', async () => {
    await pace({ offsetsMs: [], onDue: () => assert.fail('nothing is due') });
  });

  it('ends with the error of a call', async () => {
    const onDue = (): never => {
      throw new Error('cannot send');
    };

    await assert.rejects(pace({ offsetsMs: [0, 1e9], onDue }), /cannot send/);
  });
});
