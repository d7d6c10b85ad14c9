import type { LatencyPercentiles } from './latency-histogram.js';
import type { LoadFigures } from './load-figures.js';
import type { LoadResult } from './load-result.js';
import type { Recovery } from './recovery.js';
import { formatNumber, formatTable } from './table.js';
import type { TimedLoadFlags } from './timed-load-flags.js';

interface BudgetRow extends LoadFigures {
  /** Undefined for all of them together. */
  budgetMs: number | undefined;
}

/** One line per budget and one for all. */
export function formatLoad(rows: readonly BudgetRow[]): string {
  const head = [
    ...['budget', 'requests', 'in time %', 'by gateway %', 'late', 'shed', 'failed'],
    ...['p50 ms', 'p90', 'p99', 'p99.9', 'eff. F1', 'variants and errors'],
  ];
  const lines = rows.map((row) => [
    row.budgetMs === undefined ? 'all' : `${row.budgetMs} ms`,
    `${row.requests}`,
    formatNumber(row.inTimePercent, 2),
    formatNumber(row.metByGatewayPercent, 2),
    ...[row.late, row.shed, row.failed].map(String),
    ...[row.latencyMs.p50, row.latencyMs.p90, row.latencyMs.p99, row.latencyMs.p99_9].map((ms) =>
      formatNumber(ms, 1),
    ),
    formatNumber(row.effectiveF1, 3),
    formatShares(row),
  ]);
  return formatTable([head, ...lines], [head.length - 1]);
}

/** What the requests ask for, in one line. */
export function describeLoad(flags: TimedLoadFlags): string {
  const { retries, cache } = flags;
  return [
    `arrivals ${describeArrivals(flags.cv2)}`,
    ...describeRequests(flags),
    ...(retries === 0 ? [] : [`${retries} immediate retries per refusal`]),
    cache ? 'result cache allowed' : 'result cache bypassed',
  ].join('; ');
}

/** What a request asks for beside its text. */
export function describeRequests(
  flags: Pick<TimedLoadFlags, 'budgets' | 'on-miss' | 'variant'>,
): string[] {
  const { budgets, variant } = flags;
  return [
    `budgets of ${budgets.join(', ')} ms`,
    `on_miss ${flags['on-miss']}`,
    ...(variant === undefined ? [] : [`pinned to ${variant}`]),
  ];
}

function describeArrivals(cv2: number): string {
  if (cv2 === 0) return 'evenly spaced';
  return cv2 === 1 ? 'Poisson' : `gamma, CV² ${cv2}`;
}

/** Rates, refusals, recovery from a burst and the load generator's own lag, a line each. */
export function describeRates(
  result: Omit<LoadResult, 'histograms'>,
  lag: LatencyPercentiles,
): string {
  const { offeredPerSecond, sentPerSecond, answeredPerSecond, goodputPerSecond } = result;
  const { refusalMs, recovery } = result;
  const retried =
    sentPerSecond > offeredPerSecond ? [`sent with retries ${sentPerSecond.toFixed(1)}`] : [];
  const rates = [
    `offered ${offeredPerSecond.toFixed(1)}`,
    ...retried,
    `answered ${answeredPerSecond.toFixed(1)}`,
    `in time ${goodputPerSecond.toFixed(1)}`,
  ];
  return [
    `requests/s: ${rates.join(', ')}`,
    `send lag of the load generator: ${describePercentiles(lag, 2)}`,
    ...(refusalMs === undefined ? [] : [`refusals: ${describePercentiles(refusalMs, 1)}`]),
    ...(recovery === undefined ? [] : [describeRecovery(recovery)]),
  ].join('\n');
}

function describePercentiles({ p50, p99, max }: LatencyPercentiles, decimals: number): string {
  const [median, tail, worst] = [p50, p99, max].map((ms) => ms.toFixed(decimals));
  return `p50 ${median} ms, p99 ${tail} ms, max ${worst} ms`;
}

function describeRecovery({ before, during, seconds }: Recovery): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const after =
    seconds === null
      ? 'not back to 95 % of the share before until the end'
      : `back to 95 % of the share before ${seconds.toFixed(2)} s after its end`;
  return `in time before the burst ${percent(before)}, during it ${percent(during)}; ${after}`;
}

function formatShares({ variants, errors }: LoadFigures): string {
  const shares = Object.entries(variants).map(
    ([variant, share]) => `${variant} ${(100 * share).toFixed(0)}%`,
  );
  const failures = Object.entries(errors).map(([code, count]) => `${count} x ${code}`);
  return [...shares, ...failures].join(', ');
}
