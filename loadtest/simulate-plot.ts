import { linearAxis, logAxis, roundedAxis, type Axis } from './plot/axis.js';
import { drawFigure } from './plot/figure.js';
import { colorAt, faintInk, ink } from './plot/palette.js';
import type { Panel } from './plot/panel.js';
import type { SurgeStep } from './simulate.js';
import type { DaySample, ReplicaFigures } from './simulation/fleet-sample.js';
import type { FleetSecond } from './simulation/fleet.js';

interface FleetPlot {
  readonly fleet: readonly FleetSecond[];
  readonly day: DaySample;
  readonly surge: readonly SurgeStep[];
  readonly steady: readonly (ReplicaFigures & { load: number })[];
  readonly assumptions: string;
}

/** Seconds between the points of the day's lines. */
const DAY_STEP = 300;

/** One replica by load, the fleet over the day, and a surge, as an SVG document. */
export function plotFleet({ fleet, day, surge, steady, assumptions }: FleetPlot): string {
  return drawFigure({
    title: 'A fleet under its autoscaling rule',
    notes: [assumptions],
    panels: [steadyPanel(steady), dayPanel(fleet), dayQualityPanel(day), surgePanel(surge)],
  });
}

function steadyPanel(steady: FleetPlot['steady']): Panel {
  const over = (read: (row: ReplicaFigures) => number) =>
    steady.map((row) => [100 * row.load, read(row)] as const);
  const loads = steady.map(({ load }) => 100 * load);
  return {
    title: 'One replica at steady loads',
    x: logAxis({
      label: "load (% of the fastest variant's capacity)",
      min: Math.min(...loads),
      max: Math.max(...loads),
    }),
    y: linearAxis({ label: 'share', min: 0, max: 1 }),
    kind: 'lines',
    series: [
      { name: 'budgets met', color: colorAt(0), points: over((row) => row.budgetsMet) },
      { name: 'effective F1', color: ink, points: over((row) => row.effectiveF1) },
      { name: 'workers busy', color: faintInk, points: over((row) => row.busyShare), dash: '5 3' },
    ],
  };
}

function dayPanel(fleet: readonly FleetSecond[]): Panel {
  const points = fleet.flatMap((second, at) =>
    at % DAY_STEP === 0 ? [{ hour: at / 3600, ...second }] : [],
  );
  const perReplica = points.map(
    ({ hour, offeredPerSecond, ready }) => [hour, offeredPerSecond / ready] as const,
  );
  const replicas = points.map(({ hour, ready }) => [hour, ready] as const);
  const most = Math.max(...[...perReplica, ...replicas].map(([, value]) => value));
  return {
    title: 'The day: replicas that serve, and requests/s of each',
    x: linearAxis({ label: 'time (h)', min: 0, max: 24 }),
    y: roundedAxis({ label: 'replicas, requests/s', min: 0, max: most }),
    kind: 'lines',
    series: [
      { name: 'replicas', color: ink, points: replicas },
      { name: 'requests/s each', color: colorAt(0), points: perReplica },
    ],
  };
}

function dayQualityPanel({ windows }: DaySample): Panel {
  const over = (read: (row: ReplicaFigures) => number) =>
    windows.map((window) => [window.second / 3600, read(window)] as const);
  return {
    title: 'The day, in sampled windows',
    x: linearAxis({ label: 'time (h)', min: 0, max: 24 }),
    y: shareAxis(windows),
    kind: 'lines',
    series: [
      { name: 'budgets met', color: colorAt(0), points: over((row) => row.budgetsMet) },
      { name: 'effective F1', color: ink, points: over((row) => row.effectiveF1) },
    ],
  };
}

function surgePanel(surge: readonly SurgeStep[]): Panel {
  const over = (read: (row: SurgeStep) => number) =>
    surge.map((step) => [step.second, read(step)] as const);
  const seconds = surge.map(({ second }) => second);
  return {
    title: 'A surge at second 0, while the fleet grows',
    x: linearAxis({ label: 'time (s)', min: Math.min(...seconds), max: Math.max(...seconds) }),
    y: shareAxis(surge),
    kind: 'lines',
    series: [
      { name: 'budgets met', color: colorAt(0), points: over((row) => row.budgetsMet) },
      { name: 'effective F1', color: ink, points: over((row) => row.effectiveF1) },
    ],
  };
}

/** From .8 where nothing is below, so that small differences are seen. */
function shareAxis(figures: readonly ReplicaFigures[]): Axis {
  const least = Math.min(...figures.flatMap((one) => [one.budgetsMet, one.effectiveF1]));
  return linearAxis({ label: 'share', min: least >= 0.8 ? 0.8 : 0, max: 1 });
}
