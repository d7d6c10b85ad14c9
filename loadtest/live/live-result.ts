import path from 'node:path';
import type { Trace } from '../arrivals/trace-file.js';
import { compareOurs } from './live-comparison.js';
import type { LiveFlags } from './live-flags.js';
import type { LiveHost } from './live-host.js';
import { describeSentLate, formatCells, formatComparisons } from './live-report.js';
import { usableCell, type LiveRow } from './live-row.js';
import type { Capacity } from './prepare-live.js';

/** The seconds of a trace that are played. */
export interface TraceWindow {
  readonly name: string;
  readonly window: Trace;
}

export interface TraceResult extends TraceWindow {
  readonly rows: readonly LiveRow[];
}

export function describeRows({ name, window, rows }: TraceResult): string {
  const tables = rows.map(
    (row) =>
      `Trace ${name}, ${describeWindow(window)}, ${row.requests} requests at scale ${row.scale}\n${formatCells(row)}`,
  );
  const comparison = `Trace ${name}, ours at every scale\n${formatComparisons(rows)}`;
  const late = describeSentLate(rows);
  return [...tables, comparison, ...(late === undefined ? [] : [late])].join('\n\n');
}

export function describeWindow({ firstSecond, requests }: Trace): string {
  return `seconds ${firstSecond} to ${firstSecond + requests.length - 1}`;
}

export function describeLive(
  { host }: LiveHost,
  { variant, perSecond, connections }: Capacity,
): string {
  return (
    `Scale 1: ${perSecond.toFixed(1)} requests/s, as ${variant} answered ${connections} connections; ` +
    `${host.workers} workers; bound by profiles`
  );
}

export function parametersOf(flags: LiveFlags, { host, corpus }: LiveHost): object {
  const data = flags['live-data'];
  return {
    traces: flags.trace.map((file) => path.basename(file, '.csv')),
    scales: flags['live-scales'],
    seconds: flags['live-seconds'],
    from: flags['live-from'],
    warmup: flags['live-warmup'],
    nice: flags['live-nice'],
    policies: flags['live-policies'],
    budgets: flags.budgets,
    onMiss: flags['on-miss'],
    seed: flags.seed,
    // Without their folders, which say nothing elsewhere.
    data: data === undefined ? undefined : path.basename(data),
    sentences: corpus.length,
    host,
  };
}

/** Over time only ours is kept: that of all would be most of the file. */
export function resultOf({ name, window, rows }: TraceResult): object {
  return {
    trace: name,
    firstSecond: window.firstSecond,
    seconds: window.requests.length,
    rows: rows.map(({ cells, ...row }) => ({
      ...row,
      policies: cells.map(({ timeline: _, ...cell }) => cell),
      ours: compareOurs({ ...row, cells }),
    })),
    mixOverTime: rows.flatMap((row) => {
      const ours = usableCell(row, 'entier');
      return ours === undefined ? [] : [{ scale: row.scale, timeline: ours.timeline }];
    }),
  };
}
