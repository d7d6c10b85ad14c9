import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_SECONDS, dayCurve, withSurge } from '../../../../loadtest/simulation/day.js';
import { simulateFleet } from '../../../../loadtest/simulation/fleet.js';
import { sampleDay } from '../../../../loadtest/simulation/fleet-sample.js';
import { frontOfFour } from '../../../../loadtest/simulation/front.js';
import { syntheticResiduals } from '../../../../loadtest/simulation/residuals.js';

const rule = { targetPerReplica: 100, minReplicas: 2, maxReplicas: 50, startupSeconds: 30 };
const readyAt = (offeredAt: (second: number) => number, seconds: number, changes = {}) =>
  simulateFleet(offeredAt, { rule: { ...rule, ...changes }, seconds }).map(({ ready }) => ready);

test('a fleet keeps its size while the load is within a tenth of the target', () => {
  const ready = readyAt((second) => 1000 + 80 * Math.sin(second), 600);

  assert.ok(ready.every((count) => count === 10));
});

test('new replicas serve only after their start, and come in doublings', () => {
  const ready = readyAt((second) => (second < 60 ? 1000 : 5000), 300);

  const firstGrowth = ready.findIndex((count) => count > 10);
  // Decided every 15 s, then 30 s of start.
  assert.ok(firstGrowth >= 60 + 30 && firstGrowth <= 60 + 15 + 30, `at ${firstGrowth}`);
  assert.ok(ready.every((count, second) => second === 0 || count <= 2 * ready[second - 1]!));
  assert.equal(ready.at(-1), 50);
});

test('a fleet shrinks only after five minutes of less load, and not below its least size', () => {
  const ready = readyAt((second) => (second < 100 ? 1000 : 10), 600);

  assert.equal(ready[100 + 299], 10);
  assert.equal(ready[100 + 350], 2);
});

test('replicas that have not begun to serve are the first to go', () => {
  const spike = (second: number) => (second >= 60 && second < 75 ? 4000 : 1000);

  const ready = readyAt(spike, 900, { startupSeconds: 600 });

  assert.ok(
    ready.every((count) => count === 10),
    'the spike was over before any was ready',
  );
});

test('the largest fleet is a limit', () => {
  assert.equal(Math.max(...readyAt(() => 100_000, 300)), 50);
});

test("a day's curve has the trace's shape, its peak, and no jump at midnight", () => {
  const curve = dayCurve([10, 20, 40, 30], 1000);

  assert.deepEqual(
    [0, 0.25, 0.375, 0.5].map((share) => curve(share * DAY_SECONDS)),
    [250, 500, 750, 1000],
  );
  assert.ok(Math.abs(curve(DAY_SECONDS - 1) - curve(0)) < 1);
});

test('a surge rises in a straight line, stays, and is over', () => {
  const risen = withSurge(() => 100, { fromSecond: 50, riseSeconds: 10, seconds: 60, times: 3 });

  assert.deepEqual([49, 50, 55, 60, 109, 110].map(risen), [100, 100, 200, 300, 300, 100]);
});

const world = {
  host: { variants: frontOfFour, workers: 2, overheadMs: 0.25, onMiss: 'reject' as const },
  texts: [{ tokens: 30, entities: 3 }],
  budgetsMs: [10, 50],
  residuals: syntheticResiduals(0.05),
};
const options = { world, strata: 4, windowSeconds: 1, replicas: 2, seed: 3 };

test('a sampled day has two windows in each of its parts, and weighs parts by their requests', () => {
  const busy = { offeredPerSecond: 30_000, ready: 2 };
  const idle = { offeredPerSecond: 100, ready: 2 };
  const fleet = Array.from({ length: 400 }, (_, second) => (second < 100 ? busy : idle));

  const { windows, budgetsMet } = sampleDay(fleet, options);

  assert.deepEqual(
    windows.map(({ second }) => Math.floor(second / 100)),
    [0, 0, 1, 1, 2, 2, 3, 3],
  );
  const overloaded = (windows[0]!.budgetsMet + windows[1]!.budgetsMet) / 2;
  assert.ok(overloaded < 0.7);
  assert.ok(Math.abs(budgetsMet.value - overloaded) < 0.01, 'the idle parts hardly count');
  assert.ok(budgetsMet.standardError > 0);
});

test('a steady day has a small standard error, and the same seed gives the same day', () => {
  const fleet = Array.from({ length: 400 }, () => ({ offeredPerSecond: 1000, ready: 2 }));

  const day = sampleDay(fleet, options);

  assert.ok(day.budgetsMet.standardError < 0.003 && day.budgetsMet.value > 0.98);
  assert.deepEqual(sampleDay(fleet, options), day);
});
