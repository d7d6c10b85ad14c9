import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTimeMs } from '../../../../src/scheduling/latency-profile.js';
import type { Batch } from '../../../../src/scheduling/task.js';
import { frontOfFour } from '../../../../loadtest/simulation/front.js';
import { asMeasured, serviceTimes } from '../../../../loadtest/simulation/service-times.js';
import { taskOf } from '../../../support/scheduling.js';

const variants = [{ name: 'only', quality: 0.9, profile: { a: 1, b: 0.01, c: 0 } }];

function batchOf(tokens: readonly number[], variant = 'only'): Batch {
  const jobs = tokens.map((count) => ({
    task: taskOf({ tokens: count }),
    window: 0,
    tokens: count,
  }));
  const length = Math.max(...tokens);
  return { id: 1, variant, jobs, length, predictedMs: 1, startedAt: 0 };
}

test('a virtual run pays its overhead once, padding included, and the mean luck of its jobs', () => {
  const luck = [0.5, 1.5, 2.5];
  const runMs = serviceTimes({ variants, overheadMs: 0.25, residualOf: () => luck.pop()! });

  const ms = runMs(batchOf([10, 40, 20]), 0);

  assert.ok(Math.abs(ms - ((1 + 0.01 * 3 * 40) * 1.5 + 0.25)) < 1e-12);
});

test('a slow host makes the whole run slower', () => {
  const slowdown = (now: number) => (now < 100 ? 1 : 2);
  const runMs = serviceTimes({ variants, overheadMs: 1, residualOf: () => 1, slowdown });

  assert.equal(runMs(batchOf([10]), 100), 2 * runMs(batchOf([10]), 99));
});

test('a batch on an unknown variant is a bug that is told', () => {
  const runMs = serviceTimes({ variants, overheadMs: 0, residualOf: () => 1 });

  assert.throws(() => runMs(batchOf([10], 'other'), 0), /no profile of other; this is a bug/);
});

test('the scheduler learns the profiles that a gateway would measure, with the overhead of a run in them', () => {
  for (const [index, { name, quality, profile }] of asMeasured(frontOfFour, 0.25).entries()) {
    const bare = frontOfFour[index]!;
    assert.deepEqual([name, quality], [bare.name, bare.quality]);
    for (const [jobs, length] of [
      [1, 12],
      [8, 30],
    ] as const) {
      const expected = runTimeMs(bare.profile, jobs, length) + 0.25;
      assert.ok(Math.abs(runTimeMs(profile, jobs, length) - expected) < 1e-6);
    }
  }
});
