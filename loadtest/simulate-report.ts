import type { FleetTotals, SurgeStep } from './simulate.js';
import type {
  DaySample,
  Estimate,
  ReplicaFigures,
  SampledWindow,
} from './simulation/fleet-sample.js';
import { formatNumber, formatTable } from './table.js';

const usual = ['req/s each', 'met %', 'eff. F1', 'busy %'];

/** Ends with the variants that answered. */
export function formatSteady(rows: readonly (ReplicaFigures & { load: number })[]): string {
  const lines = rows.map((row) => [formatNumber(100 * row.load, 0), ...usualCells(row)]);
  return formatTable([['load %', ...usual, 'variants %'], ...lines], [5]);
}

export function formatDay(windows: readonly SampledWindow[]): string {
  const lines = windows.map((window) => [
    formatTime(window.second),
    formatNumber(window.offeredPerSecond, 0),
    `${window.ready}`,
    ...usualCells(window),
  ]);
  return formatTable([['time', 'req/s in all', 'replicas', ...usual, 'variants %'], ...lines], [7]);
}

export function formatSurge(steps: readonly SurgeStep[]): string {
  const lines = steps.map((step) => [
    `${step.second}`,
    formatNumber(step.offeredPerSecond, 0),
    `${step.ready}`,
    ...usualCells(step),
  ]);
  return formatTable(
    [['second', 'req/s in all', 'replicas', ...usual, 'variants %'], ...lines],
    [7],
  );
}

export function formatTotals(day: DaySample, totals: FleetTotals): string {
  const worst = day.windows.reduce((lowest, window) =>
    window.budgetsMet < lowest.budgetsMet ? window : lowest,
  );
  const { requests, replicaHours, replicaHoursAtPeak, mostReplicas } = totals;
  return [
    `of ${(requests / 1e9).toFixed(2)} billion requests met ${estimate(day.budgetsMet, 100, 3)} %; effective F1 ${estimate(day.effectiveF1, 1, 4)} (standard errors of the sample)`,
    `worst window: ${formatTime(worst.second)}, ${(100 * worst.budgetsMet).toFixed(2)} % met`,
    `${replicaHours.toFixed(0)} replica hours, at most ${mostReplicas} replicas; ${replicaHoursAtPeak.toFixed(0)} with the peak's all day`,
  ].join('\n');
}

function estimate({ value, standardError }: Estimate, factor: number, decimals: number): string {
  return `${(factor * value).toFixed(decimals)} ± ${(factor * standardError).toFixed(decimals)}`;
}

function usualCells(figures: ReplicaFigures): string[] {
  const { perSecond, budgetsMet, effectiveF1, busyShare, shares } = figures;
  const mix = Object.entries(shares).filter(([, share]) => share >= 0.005);
  return [
    formatNumber(perSecond, 0),
    formatNumber(100 * budgetsMet, 2),
    formatNumber(effectiveF1, 4),
    formatNumber(100 * busyShare, 0),
    mix.map(([name, share]) => `${name} ${(100 * share).toFixed(0)}`).join(', '),
  ];
}

function formatTime(second: number): string {
  const minutes = Math.floor(second / 60);
  const parts = [Math.floor(minutes / 60), minutes % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
