import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatAxis, reportAxis } from '../../../../loadtest/growth/growth-report.js';
import type { LoadFigures, PointFigures } from '../../../../loadtest/growth/measure-point.js';

function load(connections: number, ms: number): LoadFigures {
  return {
    connections,
    seconds: 1,
    requests: 10,
    requestsPerSecond: 1000 / ms,
    latencyMs: { p50: ms, p90: ms, p97_5: ms, p99: 2 * ms },
    cpuMsPerRequest: ms,
    failures: connections === 16 && ms > 100 ? { overloaded: 2 } : {},
  };
}

function point(value: number, rounds: PointFigures[]) {
  return { axis: 'length' as const, value, rounds };
}

const figures = (ms: number): PointFigures => ({
  loads: [load(1, ms / 10), load(16, ms)],
  rssMiB: 200,
  readyMs: 1500,
});

it('reportAxis takes medians over the rounds, sorts the values and fits what each measure grows by', () => {
  const points = [32, 8, 16].map((length) =>
    point(length, [figures(length), figures(length), figures(100 * length)]),
  );
  const others = [{ axis: 'texts' as const, value: 1, rounds: [figures(1)] }];

  const report = reportAxis('length', [...points, ...others]);

  assert.deepEqual(
    report.points.map(({ value, medians }) => [value, medians['p50 ms'], medians['p50 ms alone']]),
    [
      [8, 8, 0.8],
      [16, 16, 1.6],
      [32, 32, 3.2],
    ],
  );
  const exponents = Object.fromEntries(
    report.fits.map(({ measure, whole }) => [measure, whole?.exponent]),
  );
  assert.ok(Math.abs(exponents['p99 ms']! - 1) < 1e-9);
  assert.ok(Math.abs(exponents['requests/s']! + 1) < 1e-9);
  assert.ok(Math.abs(exponents['resident MiB']!) < 1e-9);
  assert.equal(exponents['ready after ms'], undefined);
});

it('formatAxis shows points, failures and exponents with range and interval, without columns of nothing', () => {
  const text = formatAxis(
    reportAxis(
      'length',
      [8, 16, 128].map((length) => point(length, [figures(length)])),
    ),
  );

  assert.match(text, /^tokens +requests\/s +p50 ms alone +p50 ms +p99 ms .*failed$/m);
  assert.match(text, /^128 +7\.8 +12\.8 +128\.0 +256\.0 .* 2$/m);
  assert.match(text, /^p50 ms +8 to 128 +1\.00 +1\.00 to 1\.00 +1\.000$/m);
  assert.doesNotMatch(text, /ready after|NaN/);
});

it('reportAxis shows how soon a gateway was ready where it holds more and more variants', () => {
  const points = [{ axis: 'variants' as const, value: 1, rounds: [figures(1)] }];

  assert.equal(reportAxis('variants', points).points[0]!.medians['ready after ms'], 1500);
});

it('reportAxis takes the median of the rounds that had an answer', () => {
  const silent = { ...figures(8), loads: [load(1, NaN), load(16, NaN)] };

  const { points } = reportAxis('length', [point(8, [silent, figures(8)]), point(16, [silent])]);

  assert.deepEqual(
    points.map(({ medians }) => medians['p50 ms']),
    [8, null],
  );
});

it('formatAxis leaves the exponents out where there are too few points for them', () => {
  const text = formatAxis(reportAxis('length', [point(8, [figures(8)])]));

  assert.doesNotMatch(text, /exponent/);
});
