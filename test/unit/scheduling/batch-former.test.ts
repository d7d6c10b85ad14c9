import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../../src/scheduling/task.js';
import { schedulerOf, taskOf, type TaskSketch } from '../../support/scheduling.js';

/** A device where starting a run costs far more than its tokens, as on a GPU. */
const gpuLike = [{ name: 'gpu', quality: 0.93, profile: { a: 4, b: 0.001, c: 0 } }];
/** A device where nothing is gained by running together. */
const linear = [{ name: 'linear', quality: 0.93, profile: { a: 0, b: 0.05, c: 0 } }];

function firstBatch(
  sketches: readonly TaskSketch[],
  options: Parameters<typeof schedulerOf>[0],
): Batch {
  const scheduler = schedulerOf({ workers: 1, ...options });
  for (const sketch of sketches) {
    scheduler.submit(taskOf({ ...sketch, allowed: [options!.variants![0]!.name] }), 0);
  }
  return scheduler.next(0)!;
}

test('a batch takes what waits where starting a run is the larger part of its cost', () => {
  const batch = firstBatch(new Array<TaskSketch>(10).fill({ tokens: 60 }), { variants: gpuLike });

  assert.equal(batch.jobs.length, 10);
  assert.equal(batch.length, 60);
});

test('jobs run one by one where the profile sees no gain in running them together', () => {
  const batch = firstBatch(new Array<TaskSketch>(10).fill({ tokens: 60 }), { variants: linear });

  assert.equal(batch.jobs.length, 1);
});

test('a batch passes over jobs whose length would cost more padding than a run of their own', () => {
  const variants = [{ name: 'cpu', quality: 0.93, profile: { a: 0.5, b: 0.03, c: 0 } }];
  const sketches = [20, 120, 20, 110, 21].map((tokens, i) => ({ tokens, budgetMs: 100 + i }));

  const batch = firstBatch(sketches, { variants });

  assert.ok(batch.jobs.length > 1);
  assert.ok(batch.jobs.every(({ tokens }) => tokens <= 21));
});

test('a batch never makes its first job miss its deadline', () => {
  const variants = [{ name: 'steep', quality: 0.93, profile: { a: 4, b: 0.02, c: 0 } }];
  const scheduler = schedulerOf({ workers: 1, variants });
  for (let i = 0; i < 20; i += 1)
    scheduler.submit(taskOf({ budgetMs: 150, allowed: ['steep'] }), 0);
  const tight = taskOf({ at: 11, budgetMs: 8.5, allowed: ['steep'] });
  scheduler.submit(tight, 11);

  const batch = scheduler.next(11)!;

  assert.equal(batch.jobs[0]!.task, tight);
  assert.ok(batch.jobs.length >= 2 && batch.predictedMs < 8, `${batch.predictedMs} ms`);
});

test('a batch does not grow beyond the patience of newcomers while time has no price', () => {
  const variants = [{ name: 'steep', quality: 0.93, profile: { a: 4, b: 0.02, c: 0 } }];
  const scheduler = schedulerOf({ workers: 1, variants });
  scheduler.submit(taskOf({ budgetMs: 8.5, allowed: ['steep'] }), 0);
  scheduler.submit(taskOf({ budgetMs: 150, allowed: ['steep'] }), 0);

  assert.equal(scheduler.next(0)!.jobs.length, 1);
});

test('a batch stays within maxBatchTokens, padding counted', () => {
  const batch = firstBatch(new Array<TaskSketch>(30).fill({ tokens: 60 }), {
    variants: gpuLike,
    maxBatchTokens: 400,
  });

  assert.equal(batch.jobs.length, 6);
});

test('jobs are spread over idle workers before they are batched on one', () => {
  const scheduler = schedulerOf({ workers: 3, variants: gpuLike });
  for (let i = 0; i < 6; i += 1) scheduler.submit(taskOf({ allowed: ['gpu'] }), 0);

  const sizes = [scheduler.next(0), scheduler.next(0), scheduler.next(0)].map(
    (batch) => batch?.jobs.length,
  );

  assert.deepEqual(sizes, [2, 2, 2]);
});

test('a job that could still have a better variant does not join a batch on a lesser one', () => {
  const scheduler = schedulerOf({ workers: 1 });
  const tight = taskOf({ budgetMs: 2.5 });
  const roomy = taskOf({ budgetMs: 500 });
  scheduler.submit(tight, 0);
  scheduler.submit(roomy, 0);

  const batch = scheduler.next(0)!;

  assert.equal(batch.variant, 'distilled-3l-int8');
  assert.deepEqual(
    batch.jobs.map(({ task }) => task),
    [tight],
  );
});
