import type { Spread } from './statistics.js';
import { formatSpread, formatTable } from './table.js';

/** A figure that was promised, and its bound. */
export interface Target {
  name: string;
  /** Of the figures, in the table. */
  decimals: number;
  bound: { atLeast: number } | { atMost: number };
  /** Beyond the bound: what is hoped for. */
  aim?: number;
}

/** A target and what was measured; null where one of the sides that it takes was not. */
export interface TargetLine extends Target {
  spread: Spread | null;
  /** By the median. */
  outcome: 'reached' | 'aim reached' | 'missed' | 'not measured';
}

export function judge(target: Target, spread: Spread | null): TargetLine {
  return { ...target, spread, outcome: outcomeOf(target, spread) };
}

function outcomeOf({ bound, aim }: Target, spread: Spread | null): TargetLine['outcome'] {
  if (spread === null) return 'not measured';
  const reaches = (limit: number): boolean =>
    'atLeast' in bound ? spread.median >= limit : spread.median <= limit;
  if (!reaches('atLeast' in bound ? bound.atLeast : bound.atMost)) return 'missed';
  return aim !== undefined && reaches(aim) ? 'aim reached' : 'reached';
}

/** A line for each target: its bound, median and range, and whether the median reaches it. */
export function formatTargets(lines: readonly TargetLine[]): string {
  return formatTable(
    [
      ['target', 'bound', 'median (range)', 'outcome'],
      ...lines.map((line) => [
        line.name,
        formatBound(line),
        formatSpread(line.spread, line.decimals),
        line.outcome,
      ]),
    ],
    [3],
  );
}

export function formatBound({ bound, aim }: Target): string {
  const text = 'atLeast' in bound ? `>= ${bound.atLeast}` : `<= ${bound.atMost}`;
  return aim === undefined ? text : `${text}, aim ${aim}`;
}
