import { roundedAxis } from './plot/axis.js';
import type { BarPanel } from './plot/bars.js';
import { drawFigure } from './plot/figure.js';
import { colorAt, faintInk } from './plot/palette.js';
import type { MeasureLine } from './peers-report.js';
import { formatSpread } from './table.js';

interface PeersPlot {
  comparison: readonly MeasureLine[];
  /** Such as how many connections there were. */
  notes: readonly string[];
}

const otherColor = '#A9B4BD';
const panels = [
  { measure: 'requests/s', title: 'Throughput at saturation: more is better', unit: 'requests/s' },
  { measure: 'p99 ms', title: 'Latency, 99th percentile: less is better', unit: 'ms' },
  {
    measure: 'CPU-ms a request',
    title: 'Processor time a request: less is better',
    unit: 'CPU-ms',
  },
] as const;

/** Medians as bars and ranges as whiskers, one panel a figure, as an SVG document. */
export function plotPeers({ comparison, notes }: PeersPlot): string {
  return drawFigure({
    title: 'Entier and its peers on the same cores',
    notes: [
      ...notes,
      'Bar: median over the rounds; whisker: their range. The raw loop is ONNX Runtime alone: a limit and no server.',
    ],
    panels: panels.flatMap(({ measure, title, unit }) => {
      const line = comparison.find(({ name }) => name === measure);
      return line === undefined ? [] : [barPanel(line, title, unit)];
    }),
  });
}

function barPanel({ sides, decimals }: MeasureLine, title: string, unit: string): BarPanel {
  const bars = Object.entries(sides).flatMap(([name, spread]) =>
    spread === null
      ? []
      : [{ name, ...spread, ...lookOf(name), label: formatSpread(spread, decimals) }],
  );
  const max = Math.max(...bars.map((bar) => bar.max), 0);
  return { title, kind: 'bars', x: roundedAxis({ label: unit, min: 0, max }), bars };
}

/** Ours stands out; the raw loop is a limit and no server. */
function lookOf(name: string): { color: string; hollow: boolean } {
  if (name === 'raw-loop') return { color: faintInk, hollow: true };
  return { color: name === 'entier' ? colorAt(0) : otherColor, hollow: false };
}
