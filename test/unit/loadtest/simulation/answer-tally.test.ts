import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerTally } from '../../../../loadtest/simulation/answer-tally.js';
import type { Outcome } from '../../../../loadtest/simulation/virtual-workers.js';
import { tasksOf } from '../../../../loadtest/simulation/workload.js';
import { workloadOf } from '../../../support/workloads.js';

const variants = [
  { name: 'good', quality: 0.9 },
  { name: 'fast', quality: 0.8 },
];
const workload = workloadOf([{ at: 0, entities: 4 }, { at: 10, entities: 1 }, { at: 20 }]);
const tasks = [...tasksOf(workload, { allowed: ['good', 'fast'], onMiss: 'reject' })];

function tallyOf(outcomes: readonly (Partial<Outcome> & { id: number })[]): AnswerTally {
  const tally = new AnswerTally(workload, variants);
  for (const { id, ...rest } of outcomes) {
    const task = tasks[id]!;
    tally.add({
      task,
      end: 'completed',
      endedAt: task.deadlineAt,
      variant: 'good',
      reason: null,
      ...rest,
    });
  }
  return tally;
}

test('where all is answered by one variant, effective F1 is that of the variant', () => {
  const tally = tallyOf([{ id: 0 }, { id: 1 }, { id: 2 }]);

  assert.ok(Math.abs(tally.effectiveF1 - 0.9) < 1e-12);
  assert.equal(tally.metShare, 1);
});

test('late, refused and expired requests claim nothing and miss all that is there', () => {
  const tally = tallyOf([
    { id: 0 },
    { id: 1, endedAt: tasks[1]!.deadlineAt + 0.001 },
    { id: 2, end: 'refused', variant: null },
  ]);

  // 3.6 found of 4 claimed and 6 there.
  assert.ok(Math.abs(tally.effectiveF1 - (2 * 3.6) / 10) < 1e-12);
  assert.ok(Math.abs(tally.metShare - 1 / 3) < 1e-12);
});

test('texts with more entities count more', () => {
  const tally = tallyOf([{ id: 0, variant: 'fast' }, { id: 1 }, { id: 2 }]);

  assert.ok(Math.abs(tally.effectiveF1 - (4 * 0.8 + 2 * 0.9) / 6) < 1e-12);
  assert.deepEqual(tally.shares(), { good: 2 / 3, fast: 1 / 3 });
});
