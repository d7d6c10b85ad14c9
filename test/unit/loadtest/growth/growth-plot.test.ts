import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plotGrowth } from '../../../../loadtest/growth/growth-plot.js';
import { reportAxis } from '../../../../loadtest/growth/growth-report.js';
import type { Axis } from '../../../../loadtest/growth/axes.js';
import type { LoadFigures } from '../../../../loadtest/growth/measure-point.js';

function load(connections: number, ms: number): LoadFigures {
  return {
    connections,
    seconds: 1,
    requests: 10,
    requestsPerSecond: Number.isNaN(ms) ? 0 : 1000 / ms,
    latencyMs: { p50: ms, p90: ms, p97_5: ms, p99: 2 * ms },
    cpuMsPerRequest: ms,
    failures: {},
  };
}

/** Points of which `msOf` tells the latency; alone it is a tenth. */
function report(axis: Axis, values: readonly number[], msOf: (value: number) => number) {
  const points = values.map((value) => {
    const full = load(16, msOf(value));
    const loads = axis === 'connections' ? [full] : [load(1, msOf(value) / 10), full];
    return { axis, value, rounds: [{ loads, rssMiB: 200, readyMs: 1000 }] };
  });
  return reportAxis(axis, points);
}

const lengths = [8, 16, 32, 64, 128, 256];
const has = (svg: string, words: string) => svg.includes(`>${words}</text>`);

describe('plotGrowth', () => {
  it('writes the exponents of the upper half and of the whole range beside the lines', () => {
    const linear = plotGrowth({ reports: [report('length', lengths, (n) => n)], notes: [] });

    assert.equal(linear.split('>~ x^1.00 from 64 on<').length - 1, 3);
    assert.equal(linear.split('>~ x^1.00 over all<').length - 1, 3);
    assert.ok(has(linear, '~ x^-1.00 from 64 on'));
  });

  it('draws power laws as straight lines on its logarithmic scales', () => {
    const svg = plotGrowth({ reports: [report('length', lengths, (n) => n ** 1.5)], notes: [] });

    const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="3" fill="#D55E00"/g)]
      .map(([, x, y]) => [Number(x), Number(y)] as const)
      .slice(0, lengths.length);
    const slopes = dots.slice(1).map(([x, y], index) => {
      const [x0, y0] = dots[index]!;
      return (y - y0) / (x - x0);
    });
    for (const slope of slopes) assert.ok(Math.abs(slope - slopes[0]!) < 0.01, `${slope}`);
  });

  it('has throughput and latency of each axis, and one connection alone where it was measured', () => {
    const reports = [
      report('connections', [1, 4, 16], (n) => n),
      report('texts', [1, 2], (n) => n),
    ];
    const svg = plotGrowth({ reports, notes: ['a note'] });

    for (const title of [
      'Throughput against connections',
      'Latency against connections',
      'Throughput against texts of a request',
      'Latency against texts of a request',
      'a note',
    ]) {
      assert.ok(has(svg, title), title);
    }
    assert.equal(svg.split('>p50, one connection<').length - 1, 1);
  });

  it('marks the values that were measured, and none where two would touch', () => {
    const svg = plotGrowth({
      reports: [report('connections', [1, 2, 1000, 1024], (n) => n)],
      notes: [],
    });

    assert.ok(has(svg, '1000') && !has(svg, '1024'));
  });

  it('can be drawn of one point, and of points without any answer', () => {
    const one = plotGrowth({ reports: [report('variants', [8], () => 3)], notes: [] });
    const silent = plotGrowth({ reports: [report('length', [8, 16], () => NaN)], notes: [] });

    assert.ok(has(one, '8'));
    for (const svg of [one, silent]) assert.doesNotMatch(svg, /NaN|Infinity|undefined|null/);
  });
});
