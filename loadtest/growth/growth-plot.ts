import { logAxis, placeOn, type Axis as PlotAxis } from '../plot/axis.js';
import { drawFigure } from '../plot/figure.js';
import { colorAt, ink } from '../plot/palette.js';
import type { Panel, Series } from '../plot/panel.js';
import type { PowerFit } from '../power-fit.js';
import type { Axis } from './axes.js';
import type { AxisReport, MeasureName } from './growth-report.js';

interface GrowthPlot {
  reports: readonly AxisReport[];
  notes: readonly string[];
}

interface Line {
  measure: MeasureName;
  name: string;
  color: string;
}

const growing: Readonly<Record<Axis, string>> = {
  length: 'tokens of a text',
  connections: 'connections',
  variants: 'warm variants',
  texts: 'texts of a request',
};
const throughput: readonly Line[] = [
  { measure: 'requests/s', name: 'requests/s', color: colorAt(0) },
];
const latency: readonly Line[] = [
  { measure: 'p99 ms', name: 'p99', color: colorAt(5) },
  { measure: 'p50 ms', name: 'p50', color: colorAt(1) },
  { measure: 'p50 ms alone', name: 'p50, one connection', color: ink },
];
/** Labels of ticks may come as near to each other as this share of the axis. */
const tickDistance = 0.07;

/** Between the ends of an axis of figures. */
const leastRatio = 3;

/** Throughput and latency along each axis with the exponents fitted to them, both scales logarithmic, as an SVG document. */
export function plotGrowth({ reports, notes }: GrowthPlot): string {
  return drawFigure({
    title: 'How throughput and latency grow',
    notes: [
      ...notes,
      'Dots: medians over the rounds. Dashed: least squares on the logarithms, figure ~ x^exponent, over the upper half of the range or, where that has no three points, all of it.',
    ],
    columns: 2,
    panels: reports.flatMap((report) => [
      growthPanel(report, throughput, `Throughput against ${growing[report.axis]}`),
      growthPanel(report, latency, `Latency against ${growing[report.axis]}`),
    ]),
  });
}

function growthPanel(report: AxisReport, lines: readonly Line[], title: string): Panel {
  const series = lines.map((line) => seriesOf(report, line));
  const known = series.filter(({ points }) => points.some(([, y]) => !Number.isNaN(y)));
  const figures = known.flatMap(({ points, fit = [] }) => [...points, ...fit].map(([, y]) => y));
  return {
    title,
    x: valueAxis(
      growing[report.axis],
      report.points.map(({ value }) => value),
    ),
    y: logAxis({
      label: lines === throughput ? 'requests/s' : 'latency (ms)',
      ...rangeOf(figures.filter((y) => y > 0)),
    }),
    kind: 'lines',
    series: known,
  };
}

function seriesOf({ points, fits }: AxisReport, { measure, name, color }: Line): Series {
  const fitted = fits.find((fit) => fit.measure === measure);
  const drawn = fitted?.upper ?? fitted?.whole ?? null;
  return {
    name,
    color,
    dots: true,
    points: points.map(({ value, medians }) => [value, positiveOr(NaN, medians[measure])] as const),
    ...(drawn === null
      ? {}
      : { fit: [drawn.from, drawn.to].map((x) => [x, at(drawn, x)] as const) }),
    details: detailsOf(fitted?.whole ?? null, fitted?.upper ?? null),
  };
}

function at({ factor, exponent }: PowerFit, x: number): number {
  return factor * x ** exponent;
}

/** Both exponents, that of the upper half first: it says how a figure goes on. */
function detailsOf(whole: PowerFit | null, upper: PowerFit | null): string[] {
  const power = ({ exponent }: PowerFit): string =>
    `~ x^${exponent.toFixed(2).replace('-0.00', '0.00')}`;
  return [
    ...(upper === null ? [] : [`${power(upper)} from ${upper.from} on`]),
    ...(whole === null ? [] : [`${power(whole)} over all`]),
  ];
}

/** A logarithm has no place for a gateway that answered nothing. */
function positiveOr(otherwise: number, value: number | null): number {
  return value !== null && value > 0 ? value : otherwise;
}

/** Of an axis, wide enough that noise does not look like growth. */
function rangeOf(figures: readonly number[]): { min: number; max: number } {
  if (figures.length === 0) return { min: 1, max: 10 };
  const [min, max] = [Math.min(...figures), Math.max(...figures)];
  const stretch = Math.max(1, Math.sqrt((leastRatio * min) / max));
  return { min: min / stretch, max: max * stretch };
}

/** Its ends are the least and the greatest value, its ticks the values themselves where they do not touch. */
function valueAxis(label: string, values: readonly number[]): PlotAxis {
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const isOne = least === greatest;
  const axis: PlotAxis = {
    label,
    scale: 'log',
    min: isOne ? least / 2 : least,
    max: isOne ? greatest * 2 : greatest,
    ticks: [],
  };
  const ticks: { at: number; label: string }[] = [];
  for (const value of values) {
    const before = ticks.at(-1);
    const distance = before === undefined ? 1 : placeOn(axis, value) - placeOn(axis, before.at);
    if (distance >= tickDistance) ticks.push({ at: value, label: `${value}` });
  }
  return { ...axis, ticks };
}
