import { formatNumber, formatTable } from '../table.js';
import { compareOurs, USUAL_VARIANT } from './live-comparison.js';
import type { LiveCell, LiveRow } from './live-row.js';

/** Every policy on one window at one scale. */
export function formatCells({ cells }: LiveRow): string {
  const figures = ['met %', 'late %', 'shed %', 'failed', 'p99 ms', 'eff. F1', 'by cards'];
  const head = ['policy', ...figures, 'send lag p99 ms', 'answered in time by'];
  const lines = cells.map((cell) => [
    cell.name,
    ...(cell.sentLate ? figures.map(() => '-') : figuresIn(cell)),
    formatNumber(cell.sendLagMs.p99, 1),
    cell.sentLate ? 'sent late' : describeShares(cell),
  ]);
  return formatTable([head, ...lines], [head.length - 1]);
}

function figuresIn({ figures, cardsF1 }: LiveCell): string[] {
  const percent = (count: number): string => formatNumber((100 * count) / figures.requests, 2);
  return [
    formatNumber(figures.inTimePercent, 2),
    percent(figures.late),
    percent(figures.shed),
    `${figures.failed}`,
    formatNumber(figures.latencyMs.p99, 1),
    formatNumber(figures.effectiveF1, 4),
    formatNumber(cardsF1, 4),
  ];
}

/** Of all requests; what is missing to 100 % was answered by nobody in time. */
function describeShares({ shares }: LiveCell): string {
  return Object.entries(shares)
    .filter(([, share]) => share > 0)
    .map(([variant, share]) => `${variant} ${(100 * share).toFixed(1)}%`)
    .join(', ');
}

/** Ours at every scale, beside the best fixed variant of that scale, the usual one, and the bound. */
export function formatComparisons(rows: readonly LiveRow[]): string {
  const head = [
    ...['scale', 'mean/s', 'peak/s', 'met %', 'entier F1', 'best fixed', 'F1', 'ours less it'],
    ...[USUAL_VARIANT, 'ours less it', 'by cards', 'bound', 'of bound %'],
  ];
  const lines = rows.map((row) => {
    const ours = compareOurs(row);
    return [
      `${row.scale}`,
      formatNumber(row.meanPerSecond, 0),
      formatNumber(row.peakPerSecond, 0),
      formatNumber(percentOf(ours.budgetsMet), 2),
      formatNumber(ours.effectiveF1, 4),
      ours.bestFixed ?? '-',
      formatNumber(ours.bestFixedF1, 4),
      signed(ours.oursLessBestFixed),
      formatNumber(ours.usualF1, 4),
      signed(ours.oursLessUsual),
      formatNumber(ours.cardsF1, 4),
      formatNumber(row.upperBoundF1, 4),
      formatNumber(percentOf(ours.oursOfUpperBound), 1),
    ];
  });
  return formatTable([head, ...lines], [5]);
}

/** Those whose load was not the one asked for; undefined where there are none. */
export function describeSentLate(rows: readonly LiveRow[]): string | undefined {
  const late = rows.flatMap(({ scale, cells }) =>
    cells.filter(({ sentLate }) => sentLate).map(({ name }) => `${name} at ${scale}`),
  );
  if (late.length === 0) return undefined;
  return `Sent late, so without figures: ${late.join(', ')}. The load generator got too little of the processor: lower the scale, stop what else runs here, or have it go first with --live-nice 5.`;
}

function percentOf(share: number | null): number | null {
  return share === null ? null : 100 * share;
}

function signed(value: number | null): string {
  return value === null || Number.isNaN(value)
    ? '-'
    : `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
