import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Admission, Batch } from '../../../src/scheduling/task.js';
import { schedulerOf, taskOf } from '../../support/scheduling.js';

function refusal(admission: Admission) {
  if (admission.admitted) assert.fail('the task was admitted');
  return admission;
}

test('a task that rejects misses is refused at once when its fastest variant cannot make it', () => {
  const scheduler = schedulerOf();

  const { why, predictedMs, retryAfterMs } = refusal(
    scheduler.submit(taskOf({ budgetMs: 1.5, onMiss: 'reject' }), 0),
  );

  assert.equal(why, 'budget_unreachable');
  assert.ok(predictedMs > 1.5 && predictedMs < 3);
  assert.ok(retryAfterMs >= 50);
  assert.equal(scheduler.next(0), null);
});

test('a refused task is told the wait behind what is promised already', () => {
  const scheduler = schedulerOf({ workers: 1 });
  for (let i = 0; i < 60; i += 1) scheduler.submit(taskOf({ budgetMs: 100, tokens: 80 }), 0);

  const { predictedMs } = refusal(
    scheduler.submit(taskOf({ budgetMs: 100.1, tokens: 80, onMiss: 'reject' }), 0),
  );

  assert.ok(predictedMs > 80 && predictedMs < 200, `predicted ${predictedMs}`);
});

test('a newcomer with an early deadline may not push out one that was promised', () => {
  const scheduler = schedulerOf({ workers: 1 });
  scheduler.submit(taskOf({ budgetMs: 6, tokens: 120, allowed: ['pruned'] }), 0);

  const admission = scheduler.submit(taskOf({ budgetMs: 5, tokens: 60, onMiss: 'reject' }), 0);

  assert.equal(admission.admitted, false);
});

test('a whole text is predicted over all workers, not only its first window', () => {
  const windows = new Array<number>(20).fill(120);

  const two = schedulerOf({ workers: 2 }).submit(
    taskOf({ budgetMs: 40, tokens: windows, onMiss: 'reject' }),
    0,
  );
  const one = schedulerOf({ workers: 1 }).submit(
    taskOf({ budgetMs: 40, tokens: windows, onMiss: 'reject' }),
    0,
  );

  assert.equal(two.admitted, true, '20 x 2.7 ms over two workers are 27 ms');
  assert.equal(one.admitted, false, 'on one worker they are 54 ms');
});

test('a degradable task that cannot make it waits in the late class and runs when nobody else needs the worker', () => {
  const scheduler = schedulerOf({ workers: 1 });
  const late = taskOf({ budgetMs: 1.2 });
  assert.deepEqual(scheduler.submit(late, 0), { admitted: true, late: true, displaced: [] });
  const inTime = taskOf({ budgetMs: 50 });
  scheduler.submit(inTime, 0);
  assert.equal(scheduler.depth().lateJobs, 1);

  const first = scheduler.next(0)!;
  scheduler.complete(first, first.predictedMs, 10);
  const second = scheduler.next(10)!;

  assert.equal(first.jobs[0]!.task, inTime);
  assert.equal(second.jobs[0]!.task, late);
  assert.equal(second.variant, 'distilled-3l-int8');
  assert.equal(scheduler.reasonOf(late.id), 'fastest_available');
});

test('late work is given up ten budgets after its arrival, or after 30 s, but not before its deadline', () => {
  const scheduler = schedulerOf({ workers: 1, variants: [snail] });
  const allowed = ['snail'];
  const short = taskOf({ budgetMs: 100, allowed });
  const long = taskOf({ budgetMs: 5000, allowed, tokens: 120_000 });
  const longest = taskOf({ budgetMs: 40_000, allowed, tokens: 600_000 });
  const roomy = { maxQueuedTokens: 10_000_000 };
  const expiries = [short, long, longest].map((task) => {
    const own = schedulerOf({ workers: 1, variants: [snail], ...roomy });
    assert.deepEqual(own.submit(task, 0), { admitted: true, late: true, displaced: [] });
    return own.nextExpiryAt();
  });

  assert.deepEqual(expiries, [1000, 30_000, 40_000]);
  scheduler.submit(short, 0);
  assert.deepEqual(scheduler.expire(999), []);
  assert.deepEqual(scheduler.expire(1000), [short]);
  assert.deepEqual(scheduler.expire(1000), []);
});

const snail = { name: 'snail', quality: 0.9, profile: { a: 200, b: 0.1, c: 0 } };

test('the bound on queued tokens refuses as overloaded, and late work may hold only half of it', () => {
  const scheduler = schedulerOf({ maxQueuedTokens: 1000 });
  const whys = new Map<string, number>();
  for (let i = 0; i < 20; i += 1) {
    const admission = scheduler.submit(taskOf({ budgetMs: 1, tokens: 100 }), 0);
    if (!admission.admitted) whys.set(admission.why, (whys.get(admission.why) ?? 0) + 1);
  }
  const inTime = Array.from({ length: 8 }, () => scheduler.submit(taskOf({ tokens: 100 }), 0));

  assert.equal(scheduler.depth().lateJobs, 5);
  assert.deepEqual([...whys], [['overloaded', 15]]);
  assert.equal(inTime.filter(({ admitted }) => admitted).length, 5);
  assert.equal(refusal(inTime[7]!).why, 'overloaded');
  assert.equal(scheduler.depth().tokens, 1000);
});

test('a host that was slow is tried again, though every budget looked unreachable', () => {
  const scheduler = schedulerOf();
  let now = 0;
  for (let i = 0; i < 80; i += 1) {
    scheduler.submit(taskOf({ at: now }), now);
    const batch: Batch = scheduler.next(now)!;
    now += 200;
    scheduler.complete(batch, batch.predictedMs * (i < 60 ? 1.5 : 1), now);
  }
  const tight = () => taskOf({ at: now, budgetMs: 6, onMiss: 'reject' });
  assert.equal(scheduler.submit(tight(), now).admitted, false);

  now += 15_000;

  assert.equal(scheduler.submit(tight(), now).admitted, true);
});
