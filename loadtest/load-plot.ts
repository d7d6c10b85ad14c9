import type { Histogram } from 'hdr-histogram-js';
import { valueAt } from './latency-histogram.js';
import { linearAxis, logAxis, roundedAxis, type Axis } from './plot/axis.js';
import { drawFigure } from './plot/figure.js';
import { colorAt, faintInk, ink } from './plot/palette.js';
import type { Panel, Series } from './plot/panel.js';
import type { Burst, SecondFigures } from './timeline.js';

interface LoadPlot extends Mix {
  title: string;
  notes: readonly string[];
  latencies: readonly { budgetMs: number; histogram: Histogram }[];
  burst?: Burst | undefined;
}

const mixTitle = 'What became of the requests: the variant that answered in time, or why none did';
/** So many variants get a colour of their own. */
const maxVariants = 5;
const otherColors = { others: '#F0E442', late: '#C8C8C8', shed: '#8A8A8A', failed: ink } as const;
/** Dashes tell budgets apart without colours. */
const dashes = [undefined, '7 3', '2 3', '9 3 2 3'] as const;

/** Rates, budgets met and variants over time, and latency by percentile, as an SVG document. */
export function plotLoad(plot: LoadPlot): string {
  const { title, notes, timeline, burst } = plot;
  const time = linearAxis({ label: 'time (s)', min: 0, max: timeline.length });
  const shade = burst && { from: burst.fromSecond, until: burst.untilSecond, name: 'burst' };
  const panels = [
    ratePanel(timeline, time),
    metPanel(timeline, time),
    mixPanel({ timeline, variants: plot.variants }, time),
  ].map((panel) => ({ ...panel, shade }));
  return drawFigure({ title, notes, panels: [...panels, latencyPanel(plot)] });
}

export function ratePanel(timeline: readonly SecondFigures[], time: Axis): Panel {
  const most = Math.max(...timeline.map(({ requests }) => requests), 1);
  return {
    title: 'Offered and answered in time',
    x: time,
    y: roundedAxis({ label: 'requests/s', min: 0, max: most }),
    kind: 'steps',
    series: [
      { name: 'offered', color: faintInk, points: over(timeline, ({ requests }) => requests) },
      { name: 'in time', color: colorAt(0), points: over(timeline, ({ inTime }) => inTime) },
    ],
  };
}

export function metPanel(timeline: readonly SecondFigures[], time: Axis): Panel {
  const shares = over(timeline, ({ inTime, requests }) =>
    requests === 0 ? NaN : (100 * inTime) / requests,
  );
  const least = Math.min(...shares.map(([, share]) => share).filter((share) => share >= 0), 95);
  // From a round number, so that near 100 % the difference is seen.
  const min = least >= 95 ? 90 : least >= 75 ? 50 : 0;
  return {
    title: 'Budgets met, by the clock of the client from the intended instant',
    x: time,
    y: linearAxis({ label: 'requests (%)', min, max: 100 }),
    kind: 'steps',
    series: [{ name: 'in time', color: colorAt(0), points: shares }],
  };
}

interface Mix {
  title?: string;
  timeline: readonly SecondFigures[];
  /** In the order in which they are to be stacked from below. */
  variants: readonly string[];
}

/** Who answered in time, second by second, and what became of the others. */
export function mixPanel({ title, timeline, variants }: Mix, time: Axis): Panel {
  const totals = new Map(variants.map((name) => [name, 0]));
  for (const second of timeline) {
    for (const [name, count] of Object.entries(second.variants)) {
      totals.set(name, (totals.get(name) ?? 0) + count);
    }
  }
  const used = [...totals].filter(([, count]) => count > 0);
  const ranked = used.toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  const own = used.map(([name]) => name).filter((name) => ranked.indexOf(name) < maxVariants);
  const others = ranked.slice(maxVariants);
  const part = (name: string, color: string, count: (second: SecondFigures) => number): Series => ({
    name,
    color,
    points: over(timeline, (second) =>
      second.requests === 0 ? NaN : (100 * count(second)) / second.requests,
    ),
  });
  const countOf = (second: SecondFigures, names: readonly string[]): number =>
    names.reduce((sum, name) => sum + (second.variants[name] ?? 0), 0);
  const parts = [
    ...own.map((name, index) => part(name, colorAt(index), (second) => countOf(second, [name]))),
    part('other variants', otherColors.others, (second) => countOf(second, others)),
    part('late', otherColors.late, ({ late }) => late),
    part('shed', otherColors.shed, ({ shed }) => shed),
    part('failed', otherColors.failed, ({ failed }) => failed),
  ];
  return {
    title: title ?? mixTitle,
    x: time,
    y: linearAxis({ label: 'requests (%)', min: 0, max: 100 }),
    kind: 'stack',
    series: parts.filter(({ points }) => points.some(([, share]) => share > 0)),
  };
}

/** The usual plot of HDR histograms: each further nine of the percentile takes the same width. */
function latencyPanel({ latencies }: LoadPlot): Panel {
  const most = Math.max(...latencies.map(({ histogram }) => histogram.totalCount), 10);
  const nines = Math.log10(most);
  const ticks = [50, 90, 99, 99.9, 99.99, 99.999]
    .map((percent) => ({ at: ninesOf(percent), label: String(percent) }))
    .filter(({ at }) => at <= nines);
  const series = latencies.map(({ budgetMs, histogram }, index): Series => {
    const dash = dashes[index % dashes.length];
    return {
      name: `budget ${budgetMs} ms`,
      color: latencies.length === 1 ? ink : colorAt(index),
      points: percentileCurve(histogram),
      ...(dash === undefined ? {} : { dash }),
    };
  });
  const values = series.flatMap(({ points }) => points.map(([, ms]) => ms)).filter((ms) => ms > 0);
  const [least, greatest] =
    values.length === 0 ? [1, 100] : [Math.min(...values), Math.max(...values)];
  return {
    title: 'Latency from the intended instant, of answers with entities',
    x: { label: 'percentile (%)', min: 0, max: nines, scale: 'linear', ticks },
    y: logAxis({ label: 'latency (ms)', min: least, max: greatest }),
    kind: 'lines',
    series,
  };
}

/** Up to the percentile that only the worst value exceeds. */
function percentileCurve(histogram: Histogram): [number, number][] {
  const last = Math.log10(Math.max(histogram.totalCount, 1));
  const points: [number, number][] = [];
  for (let nines = 0; nines <= last; nines += 0.05) {
    points.push([nines, valueAt(histogram, 100 * (1 - 10 ** -nines))]);
  }
  return points;
}

/** 1 for 90 %, 2 for 99 %, and so on. */
function ninesOf(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

function over(
  timeline: readonly SecondFigures[],
  read: (second: SecondFigures) => number,
): [number, number][] {
  return timeline.map((second) => [second.second, read(second)]);
}
