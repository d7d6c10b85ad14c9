import { linearAxis, roundedAxis } from '../plot/axis.js';
import type { BarPanel } from '../plot/bars.js';
import { drawFigure } from '../plot/figure.js';
import { colorAt } from '../plot/palette.js';
import type { Panel, Series } from '../plot/panel.js';
import { spreadOf } from '../statistics.js';
import { formatSpread } from '../table.js';
import { buildTimes } from './builds-report.js';
import type { CycleRun } from './cycle-builds.js';
import { figuresOfPair, type PairFigures, type ServeResult } from './serve-while-building.js';
import type { BuildRun } from './time-builds.js';

interface BuildsPlot {
  title: string;
  notes: readonly string[];
  time: readonly BuildRun[] | undefined;
  serve: ServeResult | undefined;
  cycles: { run: CycleRun; warmUp: number } | undefined;
}

/** Times of builds, serving with and without them, and memory over the cycles, as an SVG document; undefined where there is nothing to draw. */
export function plotBuilds({ title, notes, time, serve, cycles }: BuildsPlot): string | undefined {
  const panels = [
    ...(time === undefined ? [] : [timesPanel(time)]),
    ...(serve === undefined || serve.pairs.length === 0 ? [] : servePanels(serve)),
    ...(cycles === undefined ? [] : [memoryPanel(cycles)]),
  ];
  return panels.length === 0 ? undefined : drawFigure({ title, notes, panels });
}

function timesPanel(runs: readonly BuildRun[]): BarPanel {
  const bars = buildTimes.map(([name, read], index) => {
    const spread = spreadOf(runs.map(read));
    return { name: name.trim(), color: colorAt(index), ...spread, label: formatSpread(spread, 0) };
  });
  const max = Math.max(...bars.map((bar) => bar.max));
  return {
    title: `From the request until it serves: median and range of ${runs.length} builds`,
    kind: 'bars',
    x: roundedAxis({ label: 'time (ms)', min: 0, max }),
    bars,
  };
}

function servePanels({ pairs }: ServeResult): Panel[] {
  const figures = pairs.map(figuresOfPair);
  const x = pairAxis(pairs.length);
  const series = (name: string, place: number, read: (pair: PairFigures) => number): Series => ({
    ...{ name, color: colorAt(place), dots: true },
    points: figures.map((pair, index) => [index + 1, pair === undefined ? NaN : read(pair)]),
  });
  const met = [
    series('without builds', 0, ({ metIdlePercent }) => metIdlePercent),
    series('with builds', 5, ({ metPercent }) => metPercent),
  ];
  const p99 = [
    series('without builds', 0, ({ p99IdleMs }) => p99IdleMs),
    series('with builds', 5, ({ p99Ms }) => p99Ms),
  ];
  const least = Math.min(...valuesOf(met), 98);
  return [
    {
      title: 'Budgets met, by the clock of the client from the intended instant',
      x,
      y: linearAxis({ label: 'requests (%)', min: Math.floor(least / 10) * 10, max: 100 }),
      kind: 'lines',
      series: met,
    },
    {
      title: 'Latency of answers, 99th percentile',
      x,
      y: roundedAxis({ label: 'p99 (ms)', min: 0, max: Math.max(...valuesOf(p99), 1) }),
      kind: 'lines',
      series: p99,
    },
  ];
}

function memoryPanel({ run, warmUp }: NonNullable<BuildsPlot['cycles']>): Panel {
  const points = run.cycles.map(({ rssMiB }, index) => [index + 1, rssMiB] as const);
  const max = Math.max(...points.map(([, rssMiB]) => rssMiB));
  return {
    title: 'Resident memory of all processes after each cycle of build, retire and remove',
    x: linearAxis({ label: 'cycle', min: 1, max: points.length }),
    y: roundedAxis({ label: 'MiB', min: 0, max }),
    kind: 'lines',
    series: [{ name: 'resident', color: colorAt(0), points }],
    shade: { from: 1, until: warmUp, name: 'warm-up' },
  };
}

function pairAxis(pairs: number): Panel['x'] {
  const ticks = Array.from({ length: pairs }, (_, index) => ({
    at: index + 1,
    label: `${index + 1}`,
  }));
  return { label: 'pair of windows', min: 0.5, max: pairs + 0.5, scale: 'linear', ticks };
}

function valuesOf(series: readonly Series[]): number[] {
  return series.flatMap(({ points }) => points.map(([, y]) => y)).filter((y) => !Number.isNaN(y));
}
