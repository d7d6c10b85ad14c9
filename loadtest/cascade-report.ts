import { formatNumber, formatTable } from './table.js';

/** One pass over all sentences. */
export interface CascadeRow {
  /** A variant alone, or `first > second` with the threshold in per cent. */
  name: string;
  thresholdPercent: number | undefined;
  f1: number;
  cpuMsPerText: number;
  /** By outcome, summing up to 1; empty for a variant alone. */
  outcomes: Record<string, number>;
}

/** With what a cascade has to be compared: the best variant alone that takes no more processor time. */
export function bestSingle(row: CascadeRow, rows: readonly CascadeRow[]): CascadeRow | undefined {
  return rows
    .filter(({ thresholdPercent }) => thresholdPercent === undefined)
    .filter(({ cpuMsPerText }) => cpuMsPerText <= row.cpuMsPerText)
    .sort((a, b) => b.f1 - a.f1)[0];
}

export function formatCascades(rows: readonly CascadeRow[]): string {
  const heads = ['', 'threshold', 'F1', 'CPU-ms', 'improved', 'best single', 'F1 over it'];
  const lines = rows.map((row) => {
    if (row.thresholdPercent === undefined) {
      return [row.name, '', formatNumber(row.f1, 4), formatNumber(row.cpuMsPerText, 2), '', '', ''];
    }
    const single = bestSingle(row, rows);
    return [
      row.name,
      (row.thresholdPercent / 100).toFixed(2),
      formatNumber(row.f1, 4),
      formatNumber(row.cpuMsPerText, 2),
      `${formatNumber(100 * (row.outcomes['improved'] ?? 0), 1)} %`,
      single?.name ?? '-',
      single === undefined ? '-' : signed(row.f1 - single.f1),
    ];
  });
  return formatTable([heads, ...lines], [5]);
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
