import { linearAxis, logAxis } from './plot/axis.js';
import { drawFigure } from './plot/figure.js';
import { colorAt, faintInk } from './plot/palette.js';
import type { Panel } from './plot/panel.js';
import { policyLines } from './policy-lines.js';
import type { SimulatedWorld } from './simulation-flags.js';
import type { PolicyRun } from './simulation/simulate-policy.js';
import type { LoadFigures, PolicyFigures } from './simulation/sweep.js';

interface PoliciesPlot {
  readonly trace: string;
  readonly rows: readonly LoadFigures[];
  readonly mix: PolicyRun;
  /** In % of the fastest variant's capacity. */
  readonly mixLoad: number;
  readonly world: SimulatedWorld;
}

const missedColor = '#C8C8C8';

/** Effective F1 and budgets met against load, and the mix of variants over time, as an SVG document. */
export function plotPolicies({ trace, rows, mix, mixLoad, world }: PoliciesPlot): string {
  return drawFigure({
    title: `Policies on the trace "${trace}"`,
    notes: [world.assumptions],
    panels: [
      loadPanel(rows, {
        title: 'Effective F1: late or refused requests count as empty answers',
        label: 'effective F1',
        read: ({ effectiveF1 }) => effectiveF1.median,
        bound: true,
      }),
      loadPanel(rows, {
        title: 'The same near the top',
        label: 'effective F1',
        read: ({ effectiveF1 }) => effectiveF1.median,
        bound: true,
        min: topOf(rows) - 0.1,
      }),
      loadPanel(rows, {
        title: 'Budgets met',
        label: 'requests (%)',
        read: ({ budgetsMet }) => 100 * budgetsMet.median,
        bound: false,
        max: 100,
      }),
      mixPanel(mix, `Ours over time at a mean load of ${mixLoad} %`),
    ],
  });
}

interface LoadPanel {
  title: string;
  label: string;
  read: (figures: PolicyFigures) => number;
  bound: boolean;
  /** Of the axis of y; 0 to 1 unless said otherwise. */
  min?: number;
  max?: number;
}

/** The best effective F1 that any bound allows, rounded up to hundredths. */
function topOf(rows: readonly LoadFigures[]): number {
  return Math.ceil(100 * Math.max(...rows.map((row) => row.upperBoundF1.median))) / 100;
}

function loadPanel(rows: readonly LoadFigures[], panel: LoadPanel): Panel {
  const { title, label, read, bound, min = 0 } = panel;
  const max = panel.max ?? (min === 0 ? 1 : topOf(rows));
  const loads = rows.map(({ load }) => 100 * load);
  const series = policyLines(
    rows[0]!.policies.map(({ policy }, index) => ({
      policy,
      points: rows.map((row, at) => [loads[at]!, read(row.policies[index]!)] as const),
    })),
  );
  if (bound) {
    const points = rows.map((row, at) => [loads[at]!, row.upperBoundF1.median] as const);
    series.push({ name: 'upper bound', color: faintInk, points, dash: '2 3' });
  }
  return {
    title,
    x: logAxis({
      label: "mean load (% of the fastest variant's capacity)",
      min: Math.min(...loads),
      max: Math.max(...loads),
    }),
    y: linearAxis({ label, min, max }),
    kind: 'lines',
    // What is below the axis is left out, so that nothing runs along its end.
    series: series.map((one) => ({
      ...one,
      points: one.points.map(([x, y]) => [x, y < min ? NaN : y] as const),
    })),
  };
}

function mixPanel({ bySecond }: PolicyRun, title: string): Panel {
  const shares = bySecond.map((tally) => tally.shares());
  const names = Object.keys(shares[0] ?? {});
  const parts = names.map((name, index) => ({
    name,
    color: colorAt(index),
    points: shares.map((one, second) => [second, 100 * one[name]!] as const),
  }));
  const missed = {
    name: 'late or refused',
    color: missedColor,
    points: bySecond.map(({ metShare }, second) => [second, 100 * (1 - metShare)] as const),
  };
  return {
    title,
    x: linearAxis({ label: 'time (s)', min: 0, max: bySecond.length }),
    y: linearAxis({ label: 'requests (%)', min: 0, max: 100 }),
    kind: 'stack',
    series: [...parts, missed],
  };
}
