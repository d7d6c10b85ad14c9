import type { Spread } from './statistics.js';

/** A table for the terminal, headings first: names to the left, the first column and those given, numbers to the right. */
export function formatTable(
  rows: readonly (readonly string[])[],
  namesAt: readonly number[] = [],
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || namesAt.includes(column)
          ? cell.padEnd(widths[column]!)
          : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** A number with so many decimals, or a dash where there is none. */
export function formatNumber(value: number | null, decimals: number): string {
  return value === null || Number.isNaN(value) ? '-' : value.toFixed(decimals);
}

/** Such as `2.5 (2.1-3.0)`, the median alone where all are the same, or a dash where there is none. */
export function formatSpread(spread: Spread | null, decimals: number): string {
  if (spread === null) return '-';
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) =>
    value.toFixed(decimals),
  );
  if (min === max) return median!;
  // A hyphen before a minus would be hard to read.
  return `${median} (${min}${spread.min < 0 ? ' to ' : '-'}${max})`;
}
