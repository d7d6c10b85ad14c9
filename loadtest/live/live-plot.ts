import { mixPanel } from '../load-plot.js';
import { linearAxis, logAxis } from '../plot/axis.js';
import { drawFigure } from '../plot/figure.js';
import { faintInk } from '../plot/palette.js';
import type { Panel } from '../plot/panel.js';
import { policyLines } from '../policy-lines.js';
import { policyNamed } from '../simulation/policies/named-policy.js';
import { usableCell, type LiveCell, type LiveRow } from './live-row.js';

interface LivePlot {
  readonly title: string;
  readonly notes: readonly string[];
  readonly rows: readonly LiveRow[];
  /** Best first. */
  readonly variants: readonly string[];
}

/** Effective F1 and budgets met against scale, and our mix of variants over time at each scale, as an SVG document. */
export function plotLive({ title, notes, rows, variants }: LivePlot): string {
  const mixes = rows.flatMap((row) => {
    const ours = usableCell(row, 'entier');
    if (ours === undefined) return [];
    const time = linearAxis({ label: 'time (s)', min: 0, max: ours.timeline.length });
    const mixTitle = `Ours over time at ${row.scale} times the capacity, mean ${row.meanPerSecond.toFixed(0)} requests/s`;
    return [mixPanel({ title: mixTitle, timeline: ours.timeline, variants }, time)];
  });
  return drawFigure({
    title,
    notes,
    panels: [
      scalePanel(rows, {
        title: 'Effective F1 by the labels: late or refused requests count as empty answers',
        label: 'effective F1',
        read: ({ figures }) => figures.effectiveF1,
      }),
      boundedPanel(rows),
      scalePanel(rows, {
        title: 'Budgets met',
        label: 'requests (%)',
        read: ({ figures }) => figures.inTimePercent,
        max: 100,
      }),
      ...mixes,
    ],
  });
}

function boundedPanel(rows: readonly LiveRow[]): Panel {
  const panel = scalePanel(rows, {
    title: 'Effective F1 by the cards, as the simulator counts it, and its bound by the profiles',
    label: 'effective F1',
    read: ({ cardsF1 }) => cardsF1,
  });
  const points = rows.map(({ scale, upperBoundF1 }) => [scale, upperBoundF1] as const);
  const bound = { name: 'upper bound', color: faintInk, points, dash: '2 3' };
  return { ...panel, series: [...panel.series, bound] };
}

interface ScalePanel {
  title: string;
  label: string;
  read: (cell: LiveCell) => number;
  max?: number;
}

function scalePanel(rows: readonly LiveRow[], { title, label, read, max = 1 }: ScalePanel): Panel {
  const scales = rows.map(({ scale }) => scale);
  // Cells are in the same order in every row; which variant AIMD has differs.
  const lines = rows[0]!.cells.map(({ name }, index) => ({
    policy: policyNamed(name)!.policy.name,
    points: rows.map(({ scale, cells }) => {
      const cell = cells[index]!;
      return [scale, cell.sentLate ? NaN : read(cell)] as const;
    }),
  }));
  return {
    title,
    x: logAxis({
      label: "mean load (times the fastest variant's capacity)",
      min: Math.min(...scales),
      max: Math.max(...scales),
    }),
    y: linearAxis({ label, min: 0, max }),
    kind: 'lines',
    series: policyLines(lines),
  };
}
