import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schedulerOf, taskOf } from '../../support/scheduling.js';

test('routing takes the best variant when the budget is ample and nobody waits', () => {
  const scheduler = schedulerOf();
  const task = taskOf({ budgetMs: 200, tokens: 120 });
  scheduler.submit(task, 0);

  assert.equal(scheduler.next(0)?.variant, 'full');
  assert.equal(scheduler.reasonOf(task.id), 'best_fit');
});

test('routing takes a lesser variant when the best one would miss the deadline', () => {
  const scheduler = schedulerOf();
  const task = taskOf({ budgetMs: 6 });
  scheduler.submit(task, 0);

  assert.equal(scheduler.next(0)?.variant, 'full-int8');
  assert.equal(scheduler.reasonOf(task.id), 'degraded');
});

test('routing never leaves the allowed variants, though another would make the deadline', () => {
  const scheduler = schedulerOf();
  const task = taskOf({ budgetMs: 2, allowed: ['full', 'full-int8'] });
  scheduler.submit(task, 0);

  assert.equal(scheduler.next(0)?.variant, 'full-int8');
  assert.equal(scheduler.reasonOf(task.id), 'fastest_available');
});

test('routing leaves those who wait time enough for their fastest variant', () => {
  const scheduler = schedulerOf({ workers: 1 });
  scheduler.submit(taskOf({ budgetMs: 19, tokens: 100 }), 0);
  const alone = scheduler.preview(taskOf({ budgetMs: 20, tokens: 100 }), 0);
  scheduler.submit(taskOf({ budgetMs: 19.5, tokens: 100, allowed: ['full-int8'] }), 0);

  const batch = scheduler.next(0)!;

  assert.ok(['full-int8', 'full'].includes(alone.variant));
  assert.notEqual(batch.variant, 'full', 'full would take 17.6 of 19.5 ms and leave 1.9 for 5.6');
});

test('the only worker is not given to a run that ends too late for the next in the queue', () => {
  const scheduler = schedulerOf({ workers: 1 });
  scheduler.submit(taskOf({ budgetMs: 100, tokens: 100 }), 0);
  scheduler.submit(taskOf({ budgetMs: 101, tokens: 1600, allowed: ['full-int8'] }), 0);

  const batch = scheduler.next(0)!;

  // It must start within 101 - .5 - 80.55 x 1.15 = 7.9 ms: full would take 17.6.
  assert.equal(batch.variant, 'full-int8');
});

test('a text of several windows is planned over all workers and keeps the variant it started with', () => {
  const scheduler = schedulerOf();
  const task = taskOf({ budgetMs: 60, tokens: [120, 120, 120, 120] });
  scheduler.submit(task, 0);

  const first = scheduler.next(0)!;
  const second = scheduler.next(0)!;
  for (let id = 0; id < 20; id += 1)
    scheduler.submit(taskOf({ at: 1, budgetMs: 8, tokens: 20 }), 1);
  scheduler.complete(first, first.predictedMs, 25);
  scheduler.complete(second, second.predictedMs, 25);
  const rest = [scheduler.next(25), scheduler.next(25)];

  assert.equal(first.variant, 'full', 'two rounds of 20.9 ms fit into 60');
  const own = rest.flatMap((batch) => batch!.jobs.map((job) => ({ job, batch: batch! })));
  for (const { job, batch } of own) if (job.task === task) assert.equal(batch.variant, 'full');
});

test('four windows within 30 ms are not given to a variant that needs two rounds of 20 ms', () => {
  const scheduler = schedulerOf();
  scheduler.submit(taskOf({ budgetMs: 30, tokens: [120, 120, 120, 120] }), 0);

  assert.equal(scheduler.next(0)?.variant, 'full-int8');
});

test('a long run does not take the last free worker while short budgets keep arriving', () => {
  const scheduler = schedulerOf({ workers: 1 });
  let now = 0;
  for (; now < 400; now += 10) {
    scheduler.submit(taskOf({ at: now, budgetMs: 8, tokens: 20 }), now);
    const batch = scheduler.next(now)!;
    scheduler.complete(batch, batch.predictedMs, now + batch.predictedMs);
  }

  scheduler.submit(taskOf({ at: now, budgetMs: 2000, tokens: 120 }), now);

  assert.notEqual(scheduler.next(now)?.variant, 'full', 'a newcomer with 8 ms would wait 20.9 ms');
});

test('preview says what routing would choose and changes nothing', () => {
  const scheduler = schedulerOf();

  assert.deepEqual(scheduler.preview(taskOf({ tokens: 30 }), 0), {
    variant: 'full',
    reason: 'best_fit',
  });
  assert.deepEqual(scheduler.preview(taskOf({ budgetMs: 1.2, tokens: 60 }), 0), {
    variant: 'distilled-3l-int8',
    reason: 'fastest_available',
  });
  assert.deepEqual(scheduler.depth(), { jobs: 0, tokens: 0, lateJobs: 0 });
  assert.equal(scheduler.next(0), null);
});
