/** The figures of docs/scaling.md are those of the result files that it names; a failure prints what it should say. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { AxisReport } from '../../loadtest/growth/growth-report.js';
import type { FleetTotals, SurgeStep } from '../../loadtest/simulate.js';
import type { DaySample, ReplicaFigures } from '../../loadtest/simulation/fleet-sample.js';

interface Result {
  readonly steady: readonly (ReplicaFigures & { load: number })[];
  readonly day: DaySample;
  readonly totals: FleetTotals;
  readonly surge: readonly SurgeStep[];
}

const page = readFileSync('docs/scaling.md', 'utf8');
const [main, surgeOfFive] = [
  ...page.matchAll(/\((\.\.\/loadtest\/results\/simulate-[^)]+)\)/g),
].map(([, file]) => JSON.parse(readFileSync(file!.replace('../', ''), 'utf8')) as Result);
const rowsOf = (heading: string) => {
  const section = page.slice(page.indexOf(`## ${heading}`)).split('\n## ')[0]!;
  return section.split('\n').filter((line) => /^\| -?\d/.test(line));
};
const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const f1 = (value: number) => value.toFixed(4).replace(/^0/, '');
const met = (value: number) => `${(100 * value).toFixed(2)} %`;

describe('docs/scaling.md', () => {
  for (const row of rowsOf('What a replica takes')) {
    it(`has the simulated figures of a replica at ${row.split('|')[1]!.trim()}`, () => {
      const figures = main!.steady.find(({ load }) => row.startsWith(`| ${100 * load} % |`))!;
      const { load, perSecond, budgetsMet, effectiveF1, busyShare } = figures;
      const expected = `| ${100 * load} % | ${whole(perSecond)} | ${met(budgetsMet)} | ${f1(effectiveF1)} | ${(100 * busyShare).toFixed(0)} % |`;
      assert.ok(row.startsWith(expected), `expected: ${expected}`);
    });
  }

  for (const row of rowsOf('While it scales up')) {
    const second = Number(row.split('|')[1]);
    it(`has the simulated figures of second ${second} of the surge`, () => {
      const step = main!.surge.find((one) => one.second === second)!;
      const { offeredPerSecond, ready, perSecond, budgetsMet, effectiveF1 } = step;
      const expected = `| ${second} | ${whole(offeredPerSecond)} | ${whole(ready)} | ${whole(perSecond)} | ${met(budgetsMet)} | ${f1(effectiveF1)} |`;
      assert.equal(row, expected);
    });
  }

  it('has the simulated figures of the day', () => {
    const { day, totals } = main!;
    const worst = Math.min(...day.windows.map(({ budgetsMet }) => budgetsMet));
    for (const expected of [
      `${(100 * day.budgetsMet.value).toFixed(3)} % ± ${(100 * day.budgetsMet.standardError).toFixed(3).replace(/^0/, '')}`,
      `${f1(day.effectiveF1.value)} ± ${f1(day.effectiveF1.standardError)}`,
      `${(100 * worst).toFixed(2)} % met`,
      `${(totals.requests / 1e9).toFixed(1)} billion requests`,
      `${whole(totals.replicaHours)}, at most ${totals.mostReplicas} replicas at once; ${whole(totals.replicaHoursAtPeak)} if`,
    ]) {
      assert.ok(page.includes(expected), `expected: ${expected}`);
    }
  });

  it('has the simulated figures of the larger surge', () => {
    const worst = surgeOfFive!.surge.find(({ second }) => second === 10)!;
    for (const expected of [
      `${whole(worst.perSecond)} requests/s, more`,
      `budgets met fall to ${(100 * worst.budgetsMet).toFixed(1)} % and F1 to ${worst.effectiveF1.toFixed(3).replace(/^0/, '')}`,
    ]) {
      assert.ok(page.includes(expected), `expected: ${expected}`);
    }
  });

  const grown = readGrown();
  for (const table of tablesOf('One host, measured')) {
    const [heading, , ...rows] = table.map(cellsOf);
    const [unit, ...measures] = heading!;
    for (const [value, ...cells] of rows) {
      it(`has the measured figures at ${value} of ${unit}`, () => {
        const expected = measures.map((name) => grown.figure(unit!, value!, name));
        assert.deepEqual(cells, expected);
      });
    }
  }
});

/** Tables of a section, each as its lines. */
function tablesOf(heading: string): string[][] {
  const section = page.slice(page.indexOf(`## ${heading}`)).split('\n## ')[0]!;
  const tables = section.split('\n\n').filter((part) => part.startsWith('|'));
  assert.ok(tables.length > 0, `no table in ${heading}`);
  return tables.map((table) => table.trim().split('\n'));
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function readGrown() {
  const [, file] = /\((\.\.\/loadtest\/results\/growth-[^)]+\.json)\)/.exec(page)!;
  const { axes } = JSON.parse(readFileSync(file!.replace('../', ''), 'utf8')) as {
    axes: AxisReport[];
  };
  const decimals: Record<string, number> = {
    'CPU-ms a request': 2,
    'resident MiB': 0,
    'ready after ms': 0,
  };
  return {
    figure(unit: string, value: string, measure: string): string {
      const report = axes.find(({ axis }) => unit.includes(axis === 'length' ? 'tokens' : axis))!;
      if (value === 'exponent') {
        const fit = report.fits.find((one) => one.measure === measure)!;
        return fit.whole!.exponent.toFixed(2).replace('0.', '.');
      }
      const at = Number(value.replace(',', ''));
      const { medians } = report.points.find((point) => point.value === at)!;
      const digits = decimals[measure] ?? 1;
      const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
      return medians[measure as keyof typeof medians]!.toLocaleString('en-US', options);
    },
  };
}
