import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Admission, Task } from '../../../src/scheduling/task.js';
import { schedulerOf, taskOf, type TaskSketch } from '../../support/scheduling.js';

/** 100 tokens take 10 ms, 11.5 at p95; nothing is gained by running several together. */
const variants = [{ name: 'steady', quality: 0.9, profile: { a: 0, b: 0.1, c: 0 } }];

/** Without patience late work runs as soon as nothing else waits. */
const oneWorker = (maxQueuedTokens = 100_000) =>
  schedulerOf({
    workers: 1,
    variants,
    maxQueuedTokens,
    reserveMs: 0,
    mechanisms: { patience: false },
  });
const steady = (sketch: TaskSketch): Task =>
  taskOf({ tokens: 100, onMiss: 'reject', ...sketch, allowed: ['steady'] });
const sheddable = (sketch: TaskSketch = {}): Task =>
  steady({ ...sketch, criticality: 'sheddable' });
const critical = (sketch: TaskSketch = {}): Task => steady({ ...sketch, criticality: 'critical' });

function displacedBy(admission: Admission): Task[] {
  if (!admission.admitted) assert.fail(`refused: ${admission.why}`);
  return admission.displaced.map(({ task }) => task);
}

test('waiting sheddable work gives way to a critical newcomer that would not be in time otherwise', () => {
  const scheduler = oneWorker();
  const [first, second] = [sheddable({ budgetMs: 30 }), sheddable({ budgetMs: 31 })];
  scheduler.submit(first, 0);
  scheduler.submit(second, 0);

  const admission = scheduler.submit(critical({ budgetMs: 25 }), 0);

  assert.deepEqual(admission, {
    admitted: true,
    late: false,
    displaced: [{ task: second, late: false, retryAfterMs: 50 }],
  });
  assert.equal(scheduler.depth().jobs, 2);
  assert.deepEqual(scheduler.expire(0), [], 'its end is not told a second time');
  assert.equal(scheduler.cancel(second.id), false);
});

test('nobody gives way where the newcomer is in time anyway, or would be late anyway', () => {
  const scheduler = oneWorker();
  for (const budgetMs of [30, 31, 32]) scheduler.submit(sheddable({ budgetMs }), 0);

  assert.deepEqual(displacedBy(scheduler.submit(critical({ budgetMs: 60 }), 0)), []);
  const hopeless = scheduler.submit(critical({ budgetMs: 9 }), 0);
  const late = scheduler.submit(critical({ budgetMs: 9, onMiss: 'degrade' }), 0);

  assert.equal(hopeless.admitted, false);
  assert.deepEqual(late, { admitted: true, late: true, displaced: [] });
});

test('equal and more critical work stays: first come, first served', () => {
  for (const criticality of ['default', 'critical'] as const) {
    const scheduler = oneWorker();
    scheduler.submit(steady({ budgetMs: 30, criticality }), 0);
    scheduler.submit(steady({ budgetMs: 31, criticality }), 0);

    assert.equal(scheduler.submit(steady({ budgetMs: 25 }), 0).admitted, false);
  }
});

test('sheddable work goes before default work, though the default task alone would be enough', () => {
  const scheduler = oneWorker();
  const other = steady({ budgetMs: 30 });
  const least = sheddable({ budgetMs: 31 });
  scheduler.submit(other, 0);
  scheduler.submit(least, 0);

  assert.deepEqual(displacedBy(scheduler.submit(critical({ budgetMs: 25 }), 0)), [least]);
  assert.deepEqual(displacedBy(scheduler.submit(critical({ budgetMs: 26 }), 0)), [other]);
});

test('one long text goes rather than several short ones', () => {
  const scheduler = schedulerOf({ workers: 1, reserveMs: 0 });
  const tasks = [10, 20, 120, 15].map((tokens, i) =>
    taskOf({ budgetMs: 6 + i / 10, tokens, criticality: 'sheddable', onMiss: 'reject' }),
  );
  for (const task of tasks) assert.equal(scheduler.submit(task, 0).admitted, true);

  const admission = scheduler.submit(
    taskOf({ budgetMs: 4, tokens: 100, criticality: 'critical', onMiss: 'reject' }),
    0,
  );

  assert.deepEqual(displacedBy(admission), [tasks[2]]);
});

test('running work is not interrupted', () => {
  const scheduler = oneWorker();
  const running = sheddable({ budgetMs: 30 });
  scheduler.submit(running, 0);
  const batch = scheduler.next(0)!;

  assert.equal(scheduler.submit(critical({ budgetMs: 15 }), 0).admitted, false);
  assert.equal(scheduler.complete(batch, 10, 10)[0]?.task, running);
});

test('a text with windows left to run gives way as a whole; its run in flight ends without it', () => {
  const scheduler = oneWorker();
  const long = sheddable({ budgetMs: 60, tokens: [100, 100, 100] });
  scheduler.submit(long, 0);
  const batch = scheduler.next(0)!;
  const newcomer = critical({ budgetMs: 61, tokens: [100, 100, 100] });

  assert.deepEqual(displacedBy(scheduler.submit(newcomer, 0)), [long]);

  assert.deepEqual(scheduler.complete(batch, 10, 10), []);
  assert.equal(scheduler.next(10)?.jobs[0]?.task, newcomer);
});

test('a displaced task that takes late answers waits on as late work', () => {
  const scheduler = oneWorker();
  const patient = sheddable({ budgetMs: 20, onMiss: 'degrade' });
  scheduler.submit(patient, 0);

  const newcomer = critical({ budgetMs: 13 });
  const admission = scheduler.submit(newcomer, 0);

  assert.deepEqual(admission, {
    admitted: true,
    late: false,
    displaced: [{ task: patient, late: true }],
  });
  assert.equal(scheduler.depth().lateJobs, 1);
  const first = scheduler.next(0)!;
  scheduler.complete(first, 10, 10);
  assert.equal(first.jobs[0]!.task, newcomer);
  assert.equal(scheduler.next(10)?.jobs[0]?.task, patient);
  assert.equal(scheduler.reasonOf(patient.id), 'fastest_available');
});

test('a displaced task that takes late answers ends where late work has no room for it', () => {
  const scheduler = oneWorker(350);
  scheduler.submit(steady({ budgetMs: 1, onMiss: 'degrade', criticality: 'critical' }), 0);
  const patient = sheddable({ budgetMs: 20, onMiss: 'degrade' });
  scheduler.submit(patient, 0);

  const admission = scheduler.submit(critical({ budgetMs: 13 }), 0);

  assert.deepEqual(
    admission.admitted && admission.displaced.map(({ task, late }) => [task, late]),
    [[patient, false]],
  );
});

test('a displaced default task takes the place of sheddable late work', () => {
  const scheduler = oneWorker(350);
  const least = sheddable({ budgetMs: 1, onMiss: 'degrade' });
  const patient = steady({ budgetMs: 20, onMiss: 'degrade' });
  scheduler.submit(least, 0);
  scheduler.submit(patient, 0);

  const admission = scheduler.submit(critical({ budgetMs: 13 }), 0);

  assert.deepEqual(
    admission.admitted && admission.displaced.map(({ task, late }) => [task, late]),
    [
      [patient, true],
      [least, false],
    ],
  );
});

test('a full queue lets less critical work go, late work first, as many tokens as are needed', () => {
  const scheduler = oneWorker(1000);
  const late = [1, 2].map((budgetMs) => sheddable({ budgetMs, onMiss: 'degrade', tokens: 200 }));
  const inTime = Array.from({ length: 6 }, () => sheddable({ budgetMs: 500 }));
  for (const task of [...late, ...inTime]) {
    assert.equal(scheduler.submit(task, 0).admitted, true);
  }

  assert.equal(scheduler.submit(sheddable({ budgetMs: 500 }), 0).admitted, false);
  assert.deepEqual(displacedBy(scheduler.submit(steady({ budgetMs: 500 }), 0)), [late[1]]);
  assert.deepEqual(
    new Set(displacedBy(scheduler.submit(critical({ budgetMs: 500, tokens: 400 }), 0))),
    new Set([late[0], inTime.at(-1)]),
  );
  assert.equal(scheduler.depth().tokens, 1000);
});

test('a full queue refuses as overloaded whom not even all less critical work would make room for', () => {
  const scheduler = oneWorker(1000);
  scheduler.submit(steady({ budgetMs: 500, tokens: 900 }), 0);
  scheduler.submit(sheddable({ budgetMs: 500 }), 0);

  const admission = scheduler.submit(critical({ budgetMs: 500, tokens: 1001 }), 0);

  assert.equal(!admission.admitted && admission.why, 'overloaded');
  assert.equal(scheduler.depth().jobs, 2);
});

test('late work runs the most critical first, and makes room for more critical late work', () => {
  const scheduler = oneWorker(600);
  const late = (criticality: Task['criticality']) =>
    steady({ budgetMs: 1, onMiss: 'degrade', criticality });
  const [least, middle, latest, most] = [
    late('sheddable'),
    late('default'),
    late('sheddable'),
    late('critical'),
  ];
  for (const task of [least, middle, latest]) scheduler.submit(task, 0);

  assert.deepEqual(displacedBy(scheduler.submit(most, 0)), [latest]);

  const order = [0, 10, 20].map((now) => {
    const batch = scheduler.next(now)!;
    scheduler.complete(batch, 10, now + 10);
    return batch.jobs[0]!.task;
  });
  assert.deepEqual(order, [most, middle, least]);
});
