import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pick, randomInteger, seededRandom } from '../../../loadtest/random.js';
import { poissonArrivals, type ArrivalPlan } from '../../../loadtest/simulation/arrivals.js';
import { syntheticResiduals } from '../../../loadtest/simulation/residuals.js';
import { serviceTimes } from '../../../loadtest/simulation/service-times.js';
import { VirtualWorkers, type Outcome } from '../../../loadtest/simulation/virtual-workers.js';
import { referenceNames, referenceVariants } from '../../support/reference-variants.js';
import type { Mechanisms } from '../../../src/scheduling/mechanisms.js';
import type { Criticality } from '../../../src/scheduling/task.js';
import { schedulerOf } from '../../support/scheduling.js';

/** Requests/s of 64 tokens on average that two workers answer one by one with the fastest variant: 2000 / 1.6. */
const FASTEST_CAPACITY = 1250;

function simulate(
  plan: Partial<ArrivalPlan> & {
    slowdown?: (now: number) => number;
    seed?: number;
    mechanisms?: Partial<Mechanisms>;
  },
) {
  const { seed = 1, slowdown = () => 1, mechanisms = {}, ...rest } = plan;
  const workers = 2;
  const scheduler = schedulerOf({ workers, maxQueuedTokens: 2_000_000, mechanisms });
  const noise = seededRandom(seed + 1000);
  const residuals = syntheticResiduals(0.06);
  const runMs = serviceTimes({
    variants: referenceVariants,
    overheadMs: 0,
    residualOf: () => residuals.draw(noise),
    slowdown,
  });
  const outcomes: Outcome[] = [];
  const onEnd = (outcome: Outcome) => void outcomes.push(outcome);
  const random = seededRandom(seed);
  const arrivals = poissonArrivals({
    random,
    perSecond: () => 20,
    forMs: 20_000,
    budgetMs: () => pick(random, [10, 20, 50, 100, 200]),
    tokens: () => randomInteger(random, 8, 120),
    allowed: () => referenceNames,
    ...rest,
  });
  new VirtualWorkers({ scheduler, workers, runMs, onEnd }).play(arrivals);
  return { outcomes, scheduler, ...summarize(outcomes) };
}

/** Budgets met, mean quality with a late or missing answer counting 0, and the share answered by each variant. */
function summarize(outcomes: readonly Outcome[]) {
  const quality = new Map<string, number>(referenceVariants.map((one) => [one.name, one.quality]));
  const inTime = outcomes.filter(
    ({ end, endedAt, task }) => end === 'completed' && endedAt <= task.deadlineAt,
  );
  const mix: Record<string, number> = {};
  let sum = 0;
  for (const { variant } of inTime) {
    sum += quality.get(variant ?? '') ?? 0;
    mix[variant ?? ''] = (mix[variant ?? ''] ?? 0) + 1 / inTime.length;
  }
  const total = outcomes.length;
  const met = inTime.length;
  return { total, met, metShare: met / total, effectiveQuality: sum / total, mix };
}

test('an idle host answers a budget of 200 ms with the best variant, 99 times in 100 or more', () => {
  const { mix, metShare } = simulate({ budgetMs: () => 200, forMs: 60_000 });

  assert.ok((mix.full ?? 0) >= 0.99, `full ${mix.full}`);
  assert.ok(metShare >= 0.999);
});

test('60 tokens within 6 ms are never answered by full, and met 95 times in 100 or more', () => {
  const { mix, metShare } = simulate({ budgetMs: () => 6, tokens: () => 60, forMs: 60_000 });

  assert.equal(mix.full, undefined);
  assert.ok(metShare >= 0.95, `met ${metShare}`);
});

for (const share of [0.1, 0.3, 0.5, 0.7, 0.9, 0.95]) {
  test(`99.5 % of mixed budgets are met at ${share} of the fastest variant's capacity`, () => {
    const random = seededRandom(5);
    const { metShare } = simulate({
      perSecond: () => share * FASTEST_CAPACITY,
      budgetMs: () => 10 + 190 * random(),
    });

    assert.ok(metShare >= 0.995, `met ${metShare}`);
  });
}

for (const perSecond of [20, 120, 300, 500, 700, 1000]) {
  test(`effective quality at ${perSecond}/s is nowhere .002 below a fixed variant`, () => {
    const ours = simulate({ perSecond: () => perSecond, forMs: 15_000 });
    for (const name of referenceNames) {
      const fixed = simulate({ perSecond: () => perSecond, forMs: 15_000, allowed: () => [name] });
      assert.ok(
        ours.effectiveQuality >= fixed.effectiveQuality - 0.002,
        `ours ${ours.effectiveQuality}, ${name} ${fixed.effectiveQuality}`,
      );
    }
  });
}

test('goodput at twice and five times the capacity is at least 90 % of its peak', () => {
  const goodput = (perSecond: number) =>
    simulate({ perSecond: () => perSecond, forMs: 10_000 }).met;
  const peak = Math.max(...[1200, 1300, 1400].map(goodput));

  for (const times of [2, 5]) {
    const met = goodput(times * FASTEST_CAPACITY);
    assert.ok(met >= 0.9 * peak, `${met} of ${peak} at ${times}x`);
  }
});

test('allowed is never left at twice the capacity, and every task ends once', () => {
  const random = seededRandom(9);
  const { outcomes } = simulate({
    perSecond: () => 2 * FASTEST_CAPACITY,
    forMs: 5000,
    allowed: () => pick(random, [referenceNames, ['full'], ['full', 'full-int8'], ['pruned']]),
    onMiss: () => pick(random, ['degrade', 'reject']),
    windows: () => (random() < 0.05 ? randomInteger(random, 2, 6) : 1),
  });

  const ids = new Set(outcomes.map(({ task }) => task.id));
  assert.equal(ids.size, outcomes.length);
  assert.equal(Math.max(...ids), outcomes.length, 'ids count from 1: none is missing');
  for (const { task, variant } of outcomes) {
    assert.ok(variant === null || task.allowed.includes(variant));
  }
});

test('within half a second after an overload the best variant answers again', () => {
  const { outcomes } = simulate({
    perSecond: (at) => (at < 5000 ? 3 * FASTEST_CAPACITY : 20),
    forMs: 15_000,
    budgetMs: () => 200,
  });

  const after = outcomes.filter(({ task }) => task.arrivalAt > 5500);
  const best = after.filter(({ variant }) => variant === 'full');
  assert.ok(best.length >= 0.97 * after.length, `${best.length} of ${after.length}`);
});

test('a host that becomes twice as slow is noticed: budgets are met again after a second', () => {
  const { outcomes, scheduler } = simulate({
    perSecond: () => 200,
    forMs: 10_000,
    slowdown: (now) => (now < 3000 ? 1 : 2),
  });

  const settled = outcomes.filter(({ task }) => task.arrivalAt > 4000);
  const { metShare } = summarize(settled);
  assert.ok(metShare >= 0.99, `met ${metShare}`);
  assert.ok(Math.abs(scheduler.slowdown() - 2) < 0.2);
});

test('late work does not make budgets miss that would be met without it', () => {
  const random = seededRandom(21);
  const hopelessShare = 0.3;
  const { outcomes } = simulate({
    perSecond: () => 400,
    budgetMs: () => (random() < hopelessShare ? 0.5 : pick(random, [10, 20, 50, 200])),
  });

  const feasible = outcomes.filter(({ task }) => task.deadlineAt - task.arrivalAt > 5);
  assert.ok(summarize(feasible).metShare >= 0.995);
});

/** Mixed traffic of which the critical part needs `criticalLoad` of the capacity; the rest is half default. */
function simulateMixed(times: number, { criticalLoad = 0.4, ranked = true } = {}) {
  const random = seededRandom(33);
  const criticalShare = criticalLoad / times;
  const { outcomes, met } = simulate({
    perSecond: () => times * FASTEST_CAPACITY,
    forMs: 5000,
    onMiss: () => pick(random, ['degrade', 'reject']),
    criticality: () => {
      if (random() < criticalShare) return 'critical';
      return pick(random, ['default', 'sheddable']);
    },
    mechanisms: { criticality: ranked },
  });
  const of = (criticality: Criticality) => {
    const own = outcomes.filter(({ task }) => task.criticality === criticality);
    return { ...summarize(own), missed: own.length - summarize(own).met };
  };
  return { met, critical: of('critical'), other: of('default'), sheddable: of('sheddable') };
}

for (const times of [1.5, 3]) {
  test(`at ${times}x the capacity critical traffic keeps its budgets, default traffic comes next`, () => {
    const { critical, other, sheddable, met } = simulateMixed(times);
    const unranked = simulateMixed(times, { ranked: false });

    assert.ok(critical.metShare >= 0.99, `critical ${critical.metShare}`);
    assert.ok(other.metShare >= 1.5 * sheddable.metShare, `default ${other.metShare}`);
    assert.ok(sheddable.metShare < 0.5, `sheddable ${sheddable.metShare}`);
    assert.ok(unranked.critical.metShare < 0.8, `without ranks ${unranked.critical.metShare}`);
    assert.ok(met >= 0.95 * unranked.met, `${met} of ${unranked.met} in all`);
  });
}

test('where all but the sheddable traffic fits, the sheddable traffic bears the overload', () => {
  const { critical, other, sheddable } = simulateMixed(1.2, { criticalLoad: 0.2 });

  const missed = critical.missed + other.missed + sheddable.missed;
  assert.ok(missed > 300, `${missed} missed`);
  assert.ok(sheddable.missed >= 0.9 * missed, `${sheddable.missed} of ${missed}`);
});
