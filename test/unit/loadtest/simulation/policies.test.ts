import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frontOfFour } from '../../../../loadtest/simulation/front.js';
import { aimd } from '../../../../loadtest/simulation/policies/aimd.js';
import { cheapestThatFits } from '../../../../loadtest/simulation/policies/cheapest-that-fits.js';
import { fixed } from '../../../../loadtest/simulation/policies/fixed.js';
import { ours, oursWith } from '../../../../loadtest/simulation/policies/ours.js';
import type { Task } from '../../../../src/scheduling/task.js';
import { startPolicy, type Policy } from '../../../../loadtest/simulation/policies/policy.js';
import { policyNamed } from '../../../../loadtest/simulation/policies/named-policy.js';
import { roundRobin } from '../../../../loadtest/simulation/policies/round-robin.js';
import { asMeasured, serviceTimes } from '../../../../loadtest/simulation/service-times.js';
import { simulatePolicy } from '../../../../loadtest/simulation/simulate-policy.js';
import { VirtualWorkers, type Outcome } from '../../../../loadtest/simulation/virtual-workers.js';
import { tasksOf, type Workload } from '../../../../loadtest/simulation/workload.js';
import { steadyWorkload, workloadOf } from '../../../support/workloads.js';

const host = { variants: frontOfFour, workers: 2, overheadMs: 0.25, onMiss: 'reject' as const };
const everyHalfSecond = (count: number, budgetMs: number) =>
  workloadOf(Array.from({ length: count }, (_, index) => ({ at: 500 * index, budgetMs })));

/** Variants in order of arrival, and the sizes of the batches in order of start. */
function watch(policy: Policy, workload: Workload, workers = 2) {
  const outcomes: Outcome[] = [];
  const batches: number[] = [];
  const virtual = new VirtualWorkers({
    scheduler: startPolicy(policy, { variants: asMeasured(frontOfFour, 0.25), workers }),
    workers,
    runMs: serviceTimes({
      variants: frontOfFour,
      overheadMs: 0.25,
      residualOf: ({ id }) => workload.residual[id]!,
    }),
    onEnd: (outcome) => void outcomes.push(outcome),
    onStart: ({ jobs }) => void batches.push(jobs.length),
  });
  virtual.play(
    tasksOf(workload, { allowed: frontOfFour.map(({ name }) => name), onMiss: 'reject' }),
  );
  outcomes.sort((one, other) => one.task.id - other.task.id);
  return { outcomes, batches, variants: outcomes.map(({ variant }) => variant) };
}

test('a fixed policy answers with its variant and refuses what that cannot do in time', () => {
  const workload = workloadOf([{ at: 0 }, { at: 500, budgetMs: 5 }]);

  const { outcomes } = watch(fixed('full'), workload);

  assert.deepEqual(
    outcomes.map(({ end, variant }) => [end, variant]),
    [
      ['completed', 'full'],
      ['refused', null],
    ],
  );
});

test('round-robin takes every variant in turn', () => {
  const { variants } = watch(roundRobin, everyHalfSecond(6, 50));

  const [one, two, three, four] = frontOfFour.map(({ name }) => name);
  assert.deepEqual(variants, [one, two, three, four, one, two]);
});

test('the cheapest that fits is the cheapest that loses no more than .01, else the fastest', () => {
  const ample = watch(cheapestThatFits, everyHalfSecond(2, 50));
  const tight = watch(cheapestThatFits, everyHalfSecond(2, 1.1));

  assert.deepEqual(ample.variants, ['distilled-int8', 'distilled-int8']);
  assert.deepEqual(tight.variants, ['tiny-int8', 'tiny-int8']);
});

test('the cheapest that fits does not see what waits', () => {
  const crowd = workloadOf(Array.from({ length: 40 }, () => ({ at: 0, budgetMs: 20 })));

  const { outcomes } = watch(cheapestThatFits, crowd);

  assert.ok(outcomes.some(({ end }) => end === 'refused'));
  assert.ok(outcomes.every(({ variant }) => variant === null || variant === 'distilled-int8'));
});

test('AIMD adds one job per full batch in time, and takes a tenth away after a late one', () => {
  const crowd = (residual: number) =>
    workloadOf(Array.from({ length: 60 }, () => ({ at: 0, budgetMs: 120, residual })));

  const lucky = watch(aimd('tiny-int8'), crowd(1), 1);
  const slow = watch(aimd('tiny-int8'), crowd(6), 1);

  assert.deepEqual(lucky.batches.slice(0, 6), [1, 2, 3, 4, 5, 6]);
  const largest = Math.max(...slow.batches);
  const after = slow.batches.slice(slow.batches.indexOf(largest) + 1);
  assert.ok(after.some((jobs) => jobs < largest));
});

test('where the best fixed variant depends on the load, ours is no worse than either', () => {
  for (const perSecond of [100, 2500]) {
    const workload = steadyWorkload(perSecond, 4);
    const f1Of = (policy: Policy) => simulatePolicy(policy, workload, host).tally.effectiveF1;

    const best = Math.max(...frontOfFour.map(({ name }) => f1Of(fixed(name))));

    assert.ok(f1Of(ours) >= best - 0.002, `${f1Of(ours)} against ${best} at ${perSecond}/s`);
  }
});

test('our scheduler can be run with options of its own', () => {
  const unlimited = watch(ours, steadyWorkload(4000, 1));
  const unbatched = watch(
    oursWith('without batches', { maxBatchTokens: 1 }),
    steadyWorkload(4000, 1),
  );

  assert.ok(Math.max(...unlimited.batches) > 4);
  assert.equal(Math.max(...unbatched.batches), 1);
});

test('a policy that binds at arrival leaves pinned tasks to their variant', () => {
  const scheduler = startPolicy(roundRobin, { variants: frontOfFour, workers: 1 });
  const [one, two] = tasksOf(everyHalfSecond(2, 50), {
    allowed: frontOfFour.map(({ name }) => name),
    onMiss: 'reject',
  });
  const variantOf = (task: Task) => {
    scheduler.submit(task, task.arrivalAt);
    const batch = scheduler.next(task.arrivalAt)!;
    scheduler.complete(batch, batch.predictedMs, task.arrivalAt + batch.predictedMs);
    return batch.variant;
  };

  assert.equal(variantOf({ ...one!, allowed: ['tiny-int8'] }), 'tiny-int8');
  // The pinned one took no turn.
  assert.equal(variantOf(two!), frontOfFour[0]!.name);
});

test('a policy on a command line has its variant behind a colon', () => {
  const outline = (name: string) => {
    const named = policyNamed(name);
    return named && [named.policy.name, named.kind, named.variant];
  };

  assert.deepEqual(outline('fixed:full'), ['fixed full', 'fixed', 'full']);
  assert.deepEqual(outline('entier'), ['entier', 'entier', undefined]);
  for (const wrong of ['fixed', 'fixed:', 'aimd:a:b', 'entier:full', '']) {
    assert.equal(outline(wrong), undefined, wrong);
  }
});
