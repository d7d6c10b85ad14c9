import type { Interval } from './bootstrap.js';
import type { ServerArm } from './experiment.js';
import type { Summary } from './summarize.js';
import { formatNumber, formatTable } from './table.js';

export interface ArmRow extends Summary {
  arm: string;
  variant: string;
  /** Of all requests, 0 to 1. */
  share: number;
}

/** Both arms, from the client's side and below it from the server's. */
export function formatArms(client: readonly ArmRow[], server: readonly ServerArm[]): string {
  const head = [
    'arm',
    'side',
    'requests',
    'share %',
    'p50 ms',
    'p90',
    'p99',
    'in time %',
    'eff. F1',
  ];
  const lines = client.flatMap((row, index) => {
    const { requests, budgets_met, latency_ms, entities } = server[index]!;
    const all = server.reduce((sum, arm) => sum + arm.requests, 0);
    return [
      [
        ...[row.arm, 'client', `${row.requests}`, formatNumber(100 * row.share, 1)],
        formatNumber(row.requestsPerSecond, 0),
        ...[row.latencyMs.p50, row.latencyMs.p90, row.latencyMs.p99].map((ms) =>
          formatNumber(ms, 1),
        ),
        ...[formatNumber(row.budgetMetPercent, 1), formatNumber(row.effectiveF1, 3)],
        formatEntities(row.entities),
      ],
      [
        ...['', 'server', `${requests}`, formatNumber((100 * requests) / all, 1), ''],
        ...[latency_ms.p50, latency_ms.p90, latency_ms.p99].map((ms) => formatNumber(ms, 1)),
        ...[formatNumber((100 * budgets_met) / requests, 1), ''],
        formatEntities(entities),
      ],
    ];
  });
  return formatTable([[...head, 'entities'], ...lines], [1, head.length]);
}

export function formatDifference(arms: readonly string[], interval: Interval): string {
  const [difference, low, high] = [interval.difference, interval.low, interval.high].map(signed);
  const clear = interval.low > 0 || interval.high < 0;
  return (
    `effective F1 of ${arms[0]} less that of ${arms[1]}: ${difference} ` +
    `(95 % interval ${low} to ${high}, over sentences): ` +
    (clear ? 'the arms differ' : 'no difference is shown')
  );
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}

function formatEntities(entities: Readonly<Record<string, number>>): string {
  return Object.entries(entities)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, count]) => `${label} ${count}`)
    .join(' ');
}
