import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExperimentDefinition } from '../../../src/experiments/assignment.js';
import { Experiments } from '../../../src/experiments/experiments.js';

const UNITS = Array.from({ length: 2000 }, (_, index) => `user-${index}`);
const arms = [
  { name: 'control', variant: 'full', weight: 1 },
  { name: 'small', variant: 'distilled-3l', weight: 1 },
];
const half: ExperimentDefinition = { name: 'half', share: 0.5, seed: 1, arms };
const rest: ExperimentDefinition = { name: 'rest', share: 1, seed: 2, arms };

describe('Experiments', () => {
  test('assigns nobody where there is no experiment', () => {
    assert.equal(new Experiments([]).assign('user-1'), null);
    assert.deepEqual(new Experiments([]).view(), []);
  });

  test('assigns a unit to the first experiment that takes it', () => {
    const alone = new Experiments([half]);
    const both = new Experiments([half, rest]);

    for (const unit of UNITS) {
      const first = alone.assign(unit);
      const assignment = both.assign(unit);
      if (first !== null) assert.deepEqual(assignment, first);
      else assert.equal(assignment?.experiment, 'rest');
    }
  });

  test('assigns the same after a restart', () => {
    const [before, after] = [new Experiments([half, rest]), new Experiments([half, rest])];

    for (const unit of UNITS) assert.deepEqual(before.assign(unit), after.assign(unit));
  });

  test('shows what each arm is and what it did', () => {
    const experiments = new Experiments([half, rest]);
    const assignment = { experiment: 'half', arm: 'small', variant: 'distilled-3l' };

    experiments.record(assignment, { latencyMs: 3, budgetMet: true, entityLabels: ['PER'] });

    const [shown, other] = experiments.view();
    assert.deepEqual([shown?.name, shown?.share], ['half', 0.5]);
    assert.deepEqual(
      shown?.arms.map(({ name, variant, weight, requests, budgets_met, entities }) => {
        return { name, variant, weight, requests, budgets_met, entities };
      }),
      [
        { ...arms[0], requests: 0, budgets_met: 0, entities: {} },
        { ...arms[1], requests: 1, budgets_met: 1, entities: { PER: 1 } },
      ],
    );
    assert.equal(Math.round(shown.arms[1]!.latency_ms.p50!), 3);
    assert.equal(other?.arms[1]?.requests, 0);
  });

  test('says that it is a bug when an arm was never defined', () => {
    const unknown = { experiment: 'half', arm: 'gone', variant: 'full' };

    assert.throws(
      () =>
        new Experiments([half]).record(unknown, {
          latencyMs: 1,
          budgetMet: true,
          entityLabels: [],
        }),
      /this is a bug/,
    );
  });
});
