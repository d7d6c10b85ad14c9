import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTimeMs } from '../../../../src/scheduling/latency-profile.js';
import { pick, randomInteger, seededRandom } from '../../../../loadtest/random.js';
import { frontOfFour } from '../../../../loadtest/simulation/front.js';
import { ours } from '../../../../loadtest/simulation/policies/ours.js';
import { simulatePolicy } from '../../../../loadtest/simulation/simulate-policy.js';
import { upperBoundF1, type BoundedHost } from '../../../../loadtest/simulation/upper-bound.js';
import type { Workload } from '../../../../loadtest/simulation/workload.js';
import { steadyWorkload, workloadOf } from '../../../support/workloads.js';

/** The best effective F1 of all schedules: every order of every batch on every variant and worker, with full knowledge. */
function bestByTrying(workload: Workload, host: BoundedHost): number {
  const all = workload.entities.reduce((sum, count) => sum + count, 0);
  let best = 0;
  const visit = (freeAt: number[], left: number[], found: number, claimed: number): void => {
    best = Math.max(best, (2 * found) / (claimed + all));
    for (const batch of subsetsOf(left)) {
      const rest = left.filter((id) => !batch.includes(id));
      for (const { quality, profile } of host.variants) {
        // Of equally free workers it makes no difference which one runs.
        for (const worker of new Set(freeAt.map((at) => freeAt.indexOf(at)))) {
          const startAt = Math.max(freeAt[worker]!, ...batch.map((id) => workload.arrivalAt[id]!));
          const length = Math.max(...batch.map((id) => workload.tokens[id]!));
          if (batch.length > 1 && batch.length * length > host.maxBatchTokens) continue;
          const luck = batch.reduce((sum, id) => sum + workload.residual[id]!, 0) / batch.length;
          const endAt = startAt + runTimeMs(profile, batch.length, length) * luck + host.overheadMs;
          const inTime = batch.filter(
            (id) => endAt <= workload.arrivalAt[id]! + workload.budgetMs[id]!,
          );
          if (inTime.length === 0) continue;
          const entities = inTime.reduce((sum, id) => sum + workload.entities[id]!, 0);
          const next = freeAt.with(worker, endAt);
          visit(next, rest, found + quality * entities, claimed + entities);
        }
      }
    }
  };
  visit(new Array<number>(host.workers).fill(0), [...workload.arrivalAt.keys()], 0, 0);
  return best;
}

function subsetsOf(ids: readonly number[]): number[][] {
  return Array.from({ length: 2 ** ids.length - 1 }, (_, mask) =>
    ids.filter((_id, bit) => ((mask + 1) & (1 << bit)) !== 0),
  );
}

test('no schedule of a few requests exceeds the bound, whatever is tried', () => {
  const random = seededRandom(5);
  let tight = 0;
  for (let round = 0; round < 150; round += 1) {
    const host = {
      variants: [
        {
          name: 'good',
          quality: 0.9,
          profile: { a: 2 + 3 * random(), b: 0.1, c: 0.001 * random() },
        },
        {
          name: 'fast',
          quality: 0.5 + 0.3 * random(),
          profile: { a: 2 * random(), b: 0.02, c: 0 },
        },
      ],
      workers: randomInteger(random, 1, 2),
      overheadMs: random(),
      maxBatchTokens: pick(random, [40, 100, 4096]),
    };
    const arrivals = Array.from({ length: 4 }, () => 10 * random()).sort((a, b) => a - b);
    const workload = workloadOf(
      arrivals.map((at) => ({
        at,
        budgetMs: pick(random, [3, 5, 8, 12, 20]),
        tokens: randomInteger(random, 5, 60),
        entities: 0.5 + 4 * random(),
        residual: 0.7 + 0.6 * random(),
      })),
    );

    const best = bestByTrying(workload, host);
    const bound = upperBoundF1(workload, host);

    assert.ok(best <= bound + 1e-9, `round ${round}: ${best} is found, the bound says ${bound}`);
    if (bound <= best + 0.02) tight += 1;
  }
  assert.ok(tight > 30, `a bound that is seldom near says nothing: ${tight} of 150`);
});

const host = { variants: frontOfFour, workers: 2, overheadMs: 0.25, maxBatchTokens: 4096 };

test('on an idle host the bound is what the best variant for each budget gives', () => {
  const workload = workloadOf([{ at: 0 }, { at: 500, budgetMs: 5, tokens: 60 }]);

  // 60 tokens take `full` 11.3 ms, and `full-int8` 2.8.
  const expected = (2 * (0.883 + 0.881)) / 4;

  assert.ok(Math.abs(upperBoundF1(workload, host) - expected) < 1e-6);
});

test('what no variant can answer in time is lost in the bound too', () => {
  const workload = workloadOf([{ at: 0 }, { at: 500, budgetMs: 0.3 }]);

  assert.ok(Math.abs(upperBoundF1(workload, host) - (2 * 0.883) / 3) < 1e-6);
});

test('the bound falls with the load, and our scheduler stays below it', () => {
  let previous = 1;
  for (const perSecond of [100, 1500, 12_000]) {
    const workload = steadyWorkload(perSecond, 2);
    const bound = upperBoundF1(workload, host);
    const { tally } = simulatePolicy(ours, workload, { ...host, onMiss: 'reject' });

    assert.ok(bound < previous);
    assert.ok(tally.effectiveF1 <= bound, `${tally.effectiveF1} of ${bound} at ${perSecond}/s`);
    previous = bound;
  }
});
