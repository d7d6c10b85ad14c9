import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schedulerOf, taskOf } from '../../support/scheduling.js';

test('the earliest deadline runs first, whatever the order of arrival', () => {
  const scheduler = schedulerOf({ workers: 1 });
  const tasks = [150, 30, 90].map((budgetMs) => taskOf({ budgetMs, tokens: 20 }));
  for (const task of tasks) scheduler.submit(task, 0);

  const order = [0, 10, 20].map((now) => {
    const batch = scheduler.next(now)!;
    scheduler.complete(batch, batch.predictedMs, now + 9);
    return batch.jobs[0]!.task.deadlineAt;
  });

  assert.deepEqual(order, [30, 90, 150]);
});

test('complete returns a task once, when its last window is done', () => {
  const scheduler = schedulerOf();
  const task = taskOf({ tokens: [50, 40, 30] });
  scheduler.submit(task, 0);
  const [one, two] = [scheduler.next(0)!, scheduler.next(0)!];

  assert.deepEqual(scheduler.complete(one, one.predictedMs, 9), []);
  const three = scheduler.next(9);
  const finished = [
    ...scheduler.complete(two, two.predictedMs, 10),
    ...(three === null ? [] : scheduler.complete(three, three.predictedMs, 20)),
  ];

  assert.deepEqual(finished, [{ task, variant: 'full', reason: 'best_fit' }]);
  assert.deepEqual(scheduler.complete(one, 1, 30), [], 'a batch that is over is ignored');
  assert.equal(scheduler.reasonOf(task.id), undefined);
});

test('a cancelled task leaves the queue, and a run in flight ends without it', () => {
  const scheduler = schedulerOf({ workers: 1 });
  const [running, waiting] = [taskOf({ budgetMs: 50 }), taskOf({ tokens: [9, 9] })];
  scheduler.submit(running, 0);
  const batch = scheduler.next(0)!;
  scheduler.submit(waiting, 0);

  assert.equal(scheduler.cancel(running.id), true);
  assert.equal(scheduler.cancel(waiting.id), true);

  assert.equal(scheduler.cancel(waiting.id), false);
  assert.deepEqual(scheduler.depth(), { jobs: 0, tokens: 0, lateJobs: 0 });
  assert.deepEqual(scheduler.complete(batch, 11, 11), []);
  assert.equal(scheduler.nextExpiryAt(), Infinity);
});

test('a task that rejects misses expires when its deadline passes in the queue', () => {
  const scheduler = schedulerOf({ workers: 1 });
  scheduler.submit(taskOf({ budgetMs: 40 }), 0);
  scheduler.next(0);
  const waiting = taskOf({ budgetMs: 50, onMiss: 'reject' });
  scheduler.submit(waiting, 0);

  assert.equal(scheduler.nextExpiryAt(), 50);
  assert.deepEqual(scheduler.expire(49), []);
  assert.deepEqual(scheduler.expire(50), [waiting]);
  assert.equal(scheduler.nextExpiryAt(), Infinity);
});

test('a degradable task that was promised its deadline and missed it in the queue is answered late', () => {
  const scheduler = schedulerOf({ workers: 1 });
  const stalled = taskOf({ budgetMs: 40 });
  scheduler.submit(stalled, 0);
  const batch = scheduler.next(0)!;
  const waiting = taskOf({ budgetMs: 50 });
  scheduler.submit(waiting, 0);

  assert.deepEqual(scheduler.expire(60), []);
  assert.equal(scheduler.depth().lateJobs, 1);
  assert.equal(scheduler.nextExpiryAt(), 500);
  scheduler.complete(batch, 61, 61);

  assert.equal(scheduler.next(61)?.jobs[0]?.task, waiting);
});

test('what cannot make its deadline any more does not run before what still can', () => {
  const scheduler = schedulerOf({ workers: 1 });
  scheduler.submit(taskOf({ budgetMs: 30 }), 0);
  const stalled = scheduler.next(0)!;
  const hopeless = taskOf({ budgetMs: 40, onMiss: 'reject' });
  const hopeful = taskOf({ budgetMs: 100 });
  scheduler.submit(hopeless, 0);
  scheduler.submit(hopeful, 0);
  scheduler.complete(stalled, stalled.predictedMs, 39.5);

  const batch = scheduler.next(39.5)!;

  assert.equal(batch.jobs[0]!.task, hopeful);
  assert.equal(scheduler.nextExpiryAt(), -Infinity);
  assert.deepEqual(scheduler.expire(39.5), [hopeless]);
});

test('jobs of a dead worker run again once, alone, and are lost when it happens again', () => {
  const variants = [{ name: 'gpu', quality: 0.9, profile: { a: 4, b: 0.001, c: 0 } }];
  const scheduler = schedulerOf({ workers: 1, variants });
  const tasks = [1, 2].map(() => taskOf({ allowed: ['gpu'] }));
  for (const task of tasks) scheduler.submit(task, 0);
  const together = scheduler.next(0)!;
  assert.equal(together.jobs.length, 2);

  assert.deepEqual(scheduler.fail(together, 5), []);
  const again = scheduler.next(5)!;
  assert.equal(again.jobs.length, 1);
  assert.deepEqual(scheduler.fail(again, 10), [again.jobs[0]!.task]);
  const other = scheduler.next(10)!;
  const finished = scheduler.complete(other, 4, 14);

  assert.equal(finished.length, 1);
  assert.deepEqual(scheduler.depth(), { jobs: 0, tokens: 0, lateJobs: 0 });
});

test('jobs of a dead worker whose time is over are lost, or late if that is allowed', () => {
  const scheduler = schedulerOf({ workers: 2 });
  const strict = taskOf({ budgetMs: 50, onMiss: 'reject' });
  const lenient = taskOf({ budgetMs: 50 });
  scheduler.submit(strict, 0);
  scheduler.submit(lenient, 0);
  const batches = [scheduler.next(0)!, scheduler.next(0)!];

  const lost = batches.flatMap((batch) => scheduler.fail(batch, 60));

  assert.deepEqual(lost, [strict]);
  assert.equal(scheduler.depth().lateJobs, 1);
  assert.equal(scheduler.next(60)?.jobs[0]?.task, lenient);
});

test('a removed variant is not used any more, and tasks left without one end', () => {
  const scheduler = schedulerOf();
  const [pinned, free] = [taskOf({ allowed: ['full'] }), taskOf()];
  scheduler.submit(pinned, 0);
  scheduler.submit(free, 0);

  scheduler.setVariants([{ name: 'pruned', quality: 0.92, profile: { a: 0.45, b: 0.036, c: 0 } }]);

  assert.deepEqual(scheduler.expire(0), [pinned]);
  assert.equal(scheduler.next(0)?.variant, 'pruned');
  assert.throws(() => scheduler.submit(taskOf({ allowed: ['full'] }), 1), /this is a bug/);
});

test('a batch in flight counts against the capacity until it is complete', () => {
  const scheduler = schedulerOf({ workers: 1 });
  scheduler.submit(taskOf({ tokens: 120 }), 0);
  const batch = scheduler.next(0)!;
  const newcomer = () => taskOf({ budgetMs: 10, onMiss: 'reject' });

  assert.equal(scheduler.submit(newcomer(), 0).admitted, false);
  scheduler.complete(batch, batch.predictedMs, 1);

  assert.equal(scheduler.submit(newcomer(), 1).admitted, true);
});
