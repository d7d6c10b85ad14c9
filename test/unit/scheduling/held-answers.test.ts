import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pick, randomInteger, seededRandom } from '../../../loadtest/random.js';
import { poissonArrivals } from '../../../loadtest/simulation/arrivals.js';
import { syntheticResiduals } from '../../../loadtest/simulation/residuals.js';
import { serviceTimes } from '../../../loadtest/simulation/service-times.js';
import { referenceNames, referenceVariants } from '../../support/reference-variants.js';
import { schedulerOf, taskOf } from '../../support/scheduling.js';
import { playCascades } from '../../support/virtual-cascade.js';
import type { Task } from '../../../src/scheduling/task.js';

/** A second stage: whoever asks holds an answer of this quality. */
function optional(heldQuality: number, sketch: Parameters<typeof taskOf>[0] = {}): Task {
  return { ...taskOf({ onMiss: 'reject', ...sketch }), heldQuality };
}

test('a task whose owner holds an answer runs while time is free', () => {
  const scheduler = schedulerOf();

  assert.equal(scheduler.submit(optional(0.914), 0).admitted, true);

  assert.equal(scheduler.next(0)?.variant, 'full');
});

test('a task whose owner holds an answer is refused where no variant is better', () => {
  const scheduler = schedulerOf();

  assert.equal(scheduler.submit(optional(0.94), 0).admitted, false);

  assert.equal(scheduler.depth().jobs, 0);
});

test('a task whose owner holds an answer is refused where a better variant costs more than it brings', () => {
  const scheduler = schedulerOf();
  let now = 0;
  for (; now < 1000; now += 1.2) {
    scheduler.submit(taskOf({ at: now }), now);
    const batch = scheduler.next(now);
    if (batch !== null) scheduler.complete(batch, batch.predictedMs, now);
  }
  assert.ok(scheduler.price() > 0);

  assert.equal(scheduler.submit(optional(0.929, { at: now }), now).admitted, false);
  assert.equal(scheduler.submit(optional(0.5, { at: now }), now).admitted, true);
});

test('a waiting task whose owner holds an answer ends when no better variant can make it any more', () => {
  const scheduler = schedulerOf({ workers: 1 });
  scheduler.submit(taskOf({ budgetMs: 30, tokens: 20, allowed: ['full'] }), 0);
  const batch = scheduler.next(0)!;
  const waiting = optional(0.914, { budgetMs: 60, allowed: ['full'] });
  assert.equal(scheduler.submit(waiting, 0).admitted, true);
  scheduler.complete(batch, 52, 52);

  assert.equal(scheduler.next(52), null);

  assert.deepEqual(scheduler.expire(52), [waiting]);
  assert.equal(scheduler.nextExpiryAt(), Infinity);
});

for (const dueMs of [14.5, 16]) {
  test(`nobody who must answer within 15 ms is refused for the sake of one who may within ${dueMs}`, () => {
    const newcomer = taskOf({ budgetMs: 15, tokens: 60, allowed: ['full'], onMiss: 'reject' });
    const waiting = { budgetMs: dueMs, tokens: 60, allowed: ['full'], onMiss: 'reject' as const };
    const [promised, free] = [schedulerOf({ workers: 1 }), schedulerOf({ workers: 1 })];
    promised.submit(taskOf(waiting), 0);
    free.submit(optional(0.5, waiting), 0);

    assert.equal(promised.submit(newcomer, 0).admitted, false);
    assert.equal(free.submit(newcomer, 0).admitted, true);
    assert.deepEqual(free.next(0)?.jobs[0]?.task, newcomer);
  });
}

/** Cheapest first stage; three texts of ten are probably wrong, and a better variant adds .05 to them. */
function cascades(perSecond: number, share = 0.3) {
  const scheduler = schedulerOf({ workers: 2, maxQueuedTokens: 2_000_000 });
  const random = seededRandom(11);
  const arrivals = seededRandom(3);
  const noise = seededRandom(5);
  const residuals = syntheticResiduals(0.06);
  const answers = playCascades(
    poissonArrivals({
      random: arrivals,
      perSecond: () => perSecond,
      forMs: 15_000,
      budgetMs: () => pick(arrivals, [10, 20, 50, 100, 200]),
      tokens: () => randomInteger(arrivals, 8, 120),
      allowed: () => referenceNames,
    }),
    {
      scheduler,
      workers: 2,
      variants: referenceVariants,
      runMs: serviceTimes({
        variants: referenceVariants,
        overheadMs: 0,
        residualOf: () => residuals.draw(noise),
      }),
      gain: () => (random() < share ? 0.05 : 0),
    },
  );
  const met = answers.filter(({ value }) => value > 0).length / answers.length;
  const value = answers.reduce((sum, one) => sum + one.value, 0) / answers.length;
  const wentOn = answers.filter((one) => one.wentOn).length / answers.length;
  return { answers, met, value, wentOn };
}

for (const perSecond of [20, 300, 700, 1000, 1250, 2500]) {
  test(`at ${perSecond}/s second stages make no budgets miss and no answers worse`, () => {
    const single = cascades(perSecond, 0);
    const cascade = cascades(perSecond);

    assert.equal(cascade.answers.length, single.answers.length);
    assert.ok(cascade.met >= single.met - 0.002, `${cascade.met}, without ${single.met}`);
    // Without second stages three answers of ten would be .05 worse.
    const without = single.value - 0.3 * 0.05 * single.met;
    assert.ok(cascade.value >= without - 0.002, `${cascade.value}, without ${without}`);
    for (const { request, answeredAt, value } of cascade.answers) {
      if (value > 0) assert.ok(answeredAt <= request.deadlineAt);
    }
  });
}

test('second stages are made while there is time, and not when the first ones need it', () => {
  assert.ok(cascades(20).wentOn > 0.28);
  assert.ok(cascades(2500).wentOn < 0.05);
});
