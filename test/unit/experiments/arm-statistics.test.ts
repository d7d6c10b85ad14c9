import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ArmStatistics } from '../../../src/experiments/arm-statistics.js';

describe('ArmStatistics', () => {
  test('has no latencies before the first request', () => {
    assert.deepEqual(new ArmStatistics().view(), {
      requests: 0,
      budgets_met: 0,
      latency_ms: { p50: null, p90: null, p99: null },
      entities: {},
    });
  });

  test('counts requests, budgets met and entities by label', () => {
    const statistics = new ArmStatistics();

    statistics.record({ latencyMs: 2, budgetMet: true, entityLabels: ['PER', 'LOC', 'PER'] });
    statistics.record({ latencyMs: 4, budgetMet: false, entityLabels: [] });

    const { requests, budgets_met, entities } = statistics.view();
    assert.deepEqual([requests, budgets_met], [2, 1]);
    assert.deepEqual(entities, { LOC: 1, PER: 2 });
  });

  test('gives percentiles of the latency within .1 percent', () => {
    const statistics = new ArmStatistics();
    for (let index = 1; index <= 1000; index++) {
      statistics.record({ latencyMs: index / 10, budgetMet: true, entityLabels: [] });
    }

    const { p50, p90, p99 } = statistics.view().latency_ms;

    for (const [got, wanted] of [
      [p50, 50],
      [p90, 90],
      [p99, 99],
    ] as const) {
      assert.ok(Math.abs(got! - wanted) <= wanted * 0.0011, `${got} for ${wanted}`);
    }
  });

  test('takes latencies of any size', () => {
    const statistics = new ArmStatistics();

    for (const latencyMs of [-1, 0, 1e9]) {
      statistics.record({ latencyMs, budgetMet: false, entityLabels: [] });
    }

    assert.equal(statistics.view().requests, 3);
    assert.ok(statistics.view().latency_ms.p99! >= 1_200_000);
  });
});
