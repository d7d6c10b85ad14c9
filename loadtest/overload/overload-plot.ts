import { metPanel, ratePanel } from '../load-plot.js';
import { linearAxis, logAxis, roundedAxis, type Axis } from '../plot/axis.js';
import { drawFigure } from '../plot/figure.js';
import { colorAt, ink } from '../plot/palette.js';
import type { Panel, Series } from '../plot/panel.js';
import { median, spreadOf, type Spread } from '../statistics.js';
import type { Burst, SecondFigures } from '../timeline.js';
import type { Capacity } from './capacity.js';
import type { MeasuredLoad, OverloadFigures } from './measure-load.js';
import type { OverloadRound } from './measure-round.js';

interface OverloadPlot {
  title: string;
  notes: readonly string[];
  rounds: readonly OverloadRound[];
  spike: Burst;
}

/** Goodput and refusals against the rate offered, and the spike over time, as an SVG document. */
export function plotOverload({ title, notes, rounds, spike }: OverloadPlot): string {
  const points = pointsOf(rounds);
  const x = logAxis({
    label: 'offered (% of capacity)',
    min: Math.min(...points.map(({ offered }) => offered), 100),
    max: Math.max(...points.map(({ offered }) => offered), 200),
  });
  const timeline = medianTimeline(rounds.flatMap(({ loads }) => loads.spike?.figures ?? []));
  return drawFigure({
    title,
    notes,
    panels: [goodputPanel(points, x), refusalPanel(points, x), ...spikePanels(timeline, spike)],
  });
}

/** What loads of the same name came to over the rounds, in % of the capacity of their own round. */
interface PlotPoint {
  offered: number;
  goodput: Spread;
  /** NaN where none was refused. */
  refusalMs: { p50: number; p99: number };
}

function goodputPanel(points: readonly PlotPoint[], x: Axis): Panel {
  const series = (name: string, read: (point: PlotPoint) => number): Series => ({
    ...{ name, color: colorAt(0) },
    points: points.map((point) => [point.offered, read(point)]),
  });
  const most = Math.max(...points.map(({ goodput }) => goodput.max), 100);
  return {
    title: 'Answers in time, by the clock of the client: median and range over the rounds',
    x,
    y: roundedAxis({ label: 'goodput (% of its peak)', min: 0, max: most }),
    kind: 'lines',
    series: [
      series('in time', ({ goodput }) => goodput.median),
      { ...series('least', ({ goodput }) => goodput.min), dash: '2 3' },
      { ...series('most', ({ goodput }) => goodput.max), dash: '7 3' },
    ],
  };
}

function refusalPanel(points: readonly PlotPoint[], x: Axis): Panel {
  const read = (percent: 'p50' | 'p99') =>
    points.map(({ offered, refusalMs }) => [offered, refusalMs[percent]] as const);
  const values = [...read('p50'), ...read('p99')].map(([, ms]) => ms).filter((ms) => ms > 0);
  return {
    title: 'Latency of refusals (503)',
    x,
    y: logAxis({
      label: 'latency (ms)',
      min: Math.min(...values, 1),
      max: Math.max(...values, 20),
    }),
    kind: 'lines',
    series: [
      { name: 'p99', color: colorAt(5), points: read('p99') },
      { name: 'p50', color: ink, points: read('p50') },
    ],
  };
}

function spikePanels(timeline: readonly SecondFigures[], spike: Burst): Panel[] {
  if (timeline.length === 0) return [];
  const time = linearAxis({ label: 'time (s)', min: 0, max: timeline.length });
  const shade = { from: spike.fromSecond, until: spike.untilSecond, name: 'spike' };
  const [rates, met] = [ratePanel(timeline, time), metPanel(timeline, time)];
  return [
    { ...rates, title: 'The spike: offered and answered in time, medians over the rounds', shade },
    { ...met, title: 'Budgets met in the spike', shade },
  ];
}

function pointsOf(rounds: readonly OverloadRound[]): PlotPoint[] {
  const byName = new Map<string, { figures: OverloadFigures; capacity: Capacity }[]>();
  for (const { capacity, sweep, loads } of rounds) {
    if (capacity === undefined) continue;
    const { poisson, twice, fiveTimes } = loads;
    const steady: (MeasuredLoad | undefined)[] = [...sweep, poisson, twice, fiveTimes];
    for (const load of steady) {
      if (load?.figures === undefined) continue;
      const found = byName.get(load.name) ?? [];
      byName.set(load.name, [...found, { figures: load.figures, capacity }]);
    }
  }
  return [...byName.values()].map(pointOf).sort((a, b) => a.offered - b.offered);
}

function pointOf(all: readonly { figures: OverloadFigures; capacity: Capacity }[]): PlotPoint {
  const share = (read: (figures: OverloadFigures) => number) =>
    all.map(({ figures, capacity }) => (100 * read(figures)) / capacity.perSecond);
  const refusals = all.flatMap(({ figures }) => figures.refusalMs ?? []);
  return {
    offered: median(share(({ offeredPerSecond }) => offeredPerSecond)),
    goodput: spreadOf(share(({ goodputPerSecond }) => goodputPerSecond)),
    refusalMs: {
      p50: median(refusals.map(({ p50 }) => p50)),
      p99: median(refusals.map(({ p99 }) => p99)),
    },
  };
}

/** Second by second the median over the rounds; none where the spike was sent late in all of them. */
function medianTimeline(spikes: readonly OverloadFigures[]): SecondFigures[] {
  const timelines = spikes.flatMap(({ timeline }) => (timeline === undefined ? [] : [timeline]));
  const [first = []] = timelines;
  return first.map(({ second }) => {
    const read = (name: 'requests' | 'inTime' | 'late' | 'shed' | 'failed') =>
      median(timelines.map((timeline) => timeline[second]![name]));
    return {
      ...{ second, requests: read('requests'), inTime: read('inTime'), late: read('late') },
      ...{ shed: read('shed'), failed: read('failed'), variants: {} },
    };
  });
}
