import { fitPower, upperHalf, type Point, type PowerFit } from '../power-fit.js';
import { median } from '../statistics.js';
import { formatNumber, formatTable } from '../table.js';
import { axisUnits, type Axis } from './axes.js';
import type { PointFigures } from './measure-point.js';

/** Medians over the rounds; null where there is no such figure. */
export type PointMedians = Record<MeasureName, number | null>;

export interface MeasuredPoint {
  axis: Axis;
  value: number;
  rounds: PointFigures[];
}

export interface AxisReport {
  axis: Axis;
  points: { value: number; medians: PointMedians; rounds: PointFigures[] }[];
  fits: { measure: MeasureName; whole: PowerFit | null; upper: PowerFit | null }[];
}

const measures = [
  { name: 'requests/s', decimals: 1, read: (point) => full(point).requestsPerSecond },
  { name: 'p50 ms alone', decimals: 1, read: (point) => alone(point)?.latencyMs.p50 ?? null },
  { name: 'p50 ms', decimals: 1, read: (point) => full(point).latencyMs.p50 },
  { name: 'p99 ms', decimals: 1, read: (point) => full(point).latencyMs.p99 },
  { name: 'CPU-ms a request', decimals: 2, read: (point) => full(point).cpuMsPerRequest },
  { name: 'resident MiB', decimals: 0, read: (point) => point.rssMiB },
  { name: 'ready after ms', decimals: 0, read: (point) => point.readyMs },
] as const satisfies readonly {
  name: string;
  decimals: number;
  read: (point: PointFigures) => number | null;
}[];

export type MeasureName = (typeof measures)[number]['name'];

/** The points of one axis in rising order, with an exponent for each measure over the whole range and its upper half. */
export function reportAxis(axis: Axis, all: readonly MeasuredPoint[]): AxisReport {
  const points = all
    .filter((point) => point.axis === axis)
    .sort((a, b) => a.value - b.value)
    .map(({ value, rounds }) => ({ value, medians: mediansOf(rounds, axis), rounds }));
  const fits = measures.map(({ name }) => {
    const known: Point[] = points.flatMap(({ value, medians }) => {
      const figure = medians[name];
      return figure === null ? [] : [{ x: value, y: figure }];
    });
    return { measure: name, whole: fitPower(known), upper: fitPower(upperHalf(known)) };
  });
  return { axis, points, fits };
}

export function formatAxis({ axis, points, fits }: AxisReport): string {
  const shown = measures.filter(({ name }) => points.some(({ medians }) => medians[name] !== null));
  const rows = points.map(({ value, medians, rounds }) => [
    `${value}`,
    ...shown.map(({ name, decimals }) => formatNumber(medians[name], decimals)),
    `${rounds.reduce((sum, round) => sum + failuresOf(round), 0)}`,
  ]);
  const table = formatTable([
    [axisUnits[axis], ...shown.map(({ name }) => name), 'failed'],
    ...rows,
  ]);
  const lines = fits.flatMap(({ measure, whole, upper }) =>
    [whole, upper].flatMap((fit) => (fit === null ? [] : [[measure, ...formatFit(fit)]])),
  );
  if (lines.length === 0) return table;
  const head = [`fitted`, axisUnits[axis], 'exponent', '95 % interval', 'R²'];
  return `${table}\n\n${formatTable([head, ...lines])}`;
}

function formatFit({ exponent, low, high, rSquared, from, to }: PowerFit): string[] {
  return [
    `${from} to ${to}`,
    exponent.toFixed(2),
    `${low.toFixed(2)} to ${high.toFixed(2)}`,
    rSquared.toFixed(3),
  ];
}

function mediansOf(rounds: readonly PointFigures[], axis: Axis): PointMedians {
  const entries = measures.map(({ name, read }) => {
    const values = rounds
      .map((round) => read(round))
      .filter((value) => value !== null)
      .filter((value) => !Number.isNaN(value));
    // How soon a gateway is ready depends on what it loads, and on no request.
    const applies = name !== 'ready after ms' || axis === 'variants';
    return [name, !applies || values.length === 0 ? null : median(values)];
  });
  return Object.fromEntries(entries) as PointMedians;
}

function full({ loads }: PointFigures): PointFigures['loads'][number] {
  return loads.at(-1)!;
}

function alone({ loads }: PointFigures): PointFigures['loads'][number] | undefined {
  return loads.length > 1 ? loads[0] : undefined;
}

function failuresOf({ loads }: PointFigures): number {
  return loads
    .flatMap(({ failures }) => Object.values(failures))
    .reduce((sum, count) => sum + count, 0);
}
