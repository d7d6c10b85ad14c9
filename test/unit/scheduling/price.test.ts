import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scheduler } from '../../../src/scheduling/scheduler.js';
import { schedulerOf, taskOf } from '../../support/scheduling.js';

/** Submits a 60-token task every `everyMs` until `untilMs`, runs at once taking no time; returns the last instant. */
function offer(scheduler: Scheduler, everyMs: number, untilMs: number): number {
  let now = 0;
  for (; now < untilMs; now += everyMs) {
    scheduler.submit(taskOf({ at: now }), now);
    const batch = scheduler.next(now);
    if (batch !== null) scheduler.complete(batch, batch.predictedMs, now);
  }
  return now;
}

test('the price of time is 0 while the best variant for all fits the workers', () => {
  const scheduler = schedulerOf();

  offer(scheduler, 20, 1000);

  assert.equal(scheduler.price(), 0);
});

test('the price of time rises with the demand and moves traffic to cheaper variants', () => {
  const medium = schedulerOf();
  const high = schedulerOf();

  const mediumEnd = offer(medium, 4, 1000);
  const highEnd = offer(high, 1.2, 1000);

  assert.ok(medium.price() > 0);
  assert.ok(high.price() > medium.price());
  assert.equal(medium.preview(taskOf({ at: mediumEnd }), mediumEnd).variant, 'full-int8');
  const { variant, reason } = high.preview(taskOf({ at: highEnd }), highEnd);
  assert.ok(variant === 'pruned' || variant === 'distilled-3l-int8');
  assert.equal(reason, 'degraded');
});

test('the price of time falls back to 0 once the arrivals that raised it have passed', () => {
  const scheduler = schedulerOf();
  const end = offer(scheduler, 1, 1000);

  const later = end + 350;

  assert.deepEqual(scheduler.preview(taskOf({ at: later }), later), {
    variant: 'full',
    reason: 'best_fit',
  });
  assert.equal(scheduler.price(), 0);
});

test('one long text with an ample budget does not raise the price on an idle host', () => {
  const scheduler = schedulerOf();
  scheduler.submit(taskOf({ budgetMs: 2000, tokens: new Array<number>(40).fill(126) }), 0);

  assert.equal(scheduler.next(0)?.variant, 'full');
  assert.equal(scheduler.price(), 0);
});

test('budgets that no host could meet do not raise the price for others', () => {
  const scheduler = schedulerOf();
  let now = 0;
  for (; now < 500; now += 1) {
    scheduler.submit(taskOf({ at: now, budgetMs: 0.6, onMiss: 'reject' }), now);
  }

  assert.equal(scheduler.preview(taskOf({ at: now }), now).reason, 'best_fit');
});

test('what batches save is there for better variants', () => {
  const variants = [
    { name: 'good', quality: 0.9, profile: { a: 4, b: 0.01, c: 0 } },
    { name: 'fast', quality: 0.8, profile: { a: 2, b: 0.001, c: 0 } },
  ];
  const priceAfter = (batched: boolean): number => {
    const scheduler = schedulerOf({ workers: 1, variants });
    const taskAt = (at: number) => taskOf({ at, allowed: ['good', 'fast'] });
    for (let now = 0; now < 1000; now += 8) {
      for (let count = 0; count < 4; count += 1) {
        scheduler.submit(taskAt(now), now);
        if (!batched) runNext(scheduler, now);
      }
      runNext(scheduler, now);
    }
    scheduler.preview(taskAt(1000), 1000);
    return scheduler.price();
  };

  assert.ok(priceAfter(true) < priceAfter(false), `${priceAfter(true)}, ${priceAfter(false)}`);
});

/** Runs what waits in no time. */
function runNext(scheduler: Scheduler, now: number): void {
  for (let batch = scheduler.next(now); batch !== null; batch = scheduler.next(now)) {
    scheduler.complete(batch, batch.predictedMs, now);
  }
}
