import type { SideInRound, RoundFigures } from './sides/measure-rounds.js';
import { spreadOf, type Spread } from './statistics.js';
import { formatSpread, formatTable } from './table.js';

/** What one measure came to on each side over the rounds; null where a side has no such figure. */
export interface MeasureLine {
  name: string;
  decimals: number;
  sides: Record<string, Spread | null>;
}

interface Measure {
  name: string;
  decimals: number;
  read: (figures: RoundFigures) => number | null;
}

const costs: readonly Measure[] = [
  { name: 'requests/s', decimals: 0, read: (figures) => figures.requestsPerSecond },
  { name: 'p50 ms', decimals: 1, read: (figures) => figures.latencyMs.p50 },
  { name: 'p99 ms', decimals: 1, read: (figures) => figures.latencyMs.p99 },
  { name: 'CPU-ms a request', decimals: 2, read: (figures) => figures.cpuMsPerRequest },
  { name: 'resident MiB', decimals: 0, read: (figures) => figures.rssMiB },
];

const measures: readonly Measure[] = [
  ...costs,
  { name: 'ready after ms', decimals: 0, read: (figures) => figures.readyMs },
  { name: 'F1', decimals: 3, read: (figures) => figures.f1 },
  { name: 'F1 of PER, ORG, LOC', decimals: 3, read: (figures) => figures.sharedF1 },
  { name: 'failures', decimals: 0, read: (figures) => figures.failures },
];

/** Medians and ranges of each side. */
export function compareSides(rounds: readonly SideInRound[][]): MeasureLine[] {
  return measures.map(({ name, decimals, read }) => ({
    name,
    decimals,
    sides: overRounds(rounds, (figures) => read(figures)),
  }));
}

/** The figures of `side` divided by those of each other side, within each round, where the host was in one state. */
export function ratiosOf(side: string, rounds: readonly SideInRound[][]): MeasureLine[] {
  return costs.map(({ name, read }) => ({
    name,
    decimals: 2,
    sides: overRounds(rounds, (figures, name, round) => {
      const own = read(figuresOf(round, side)!);
      const other = read(figures);
      return name === side || own === null || other === null ? null : own / other;
    }),
  }));
}

/**
 * CPU-ms a run of the raw loop divided by CPU-ms a request of each side that runs the same file, within each round: the
 * share of a server's processor time that ONNX Runtime alone would need. Batches can take it over 1.
 */
export function efficiencyOf(
  rawLoop: string,
  rounds: readonly SideInRound[][],
  onSameFile: readonly string[],
): MeasureLine {
  const sides = overRounds(rounds, (figures, name, round) => {
    if (name === rawLoop || !onSameFile.includes(name)) return null;
    return figuresOf(round, rawLoop)!.cpuMsPerRequest / figures.cpuMsPerRequest;
  });
  return { name: 'CPU efficiency', decimals: 3, sides };
}

/** A line for each measure, a column for each side. */
export function formatMeasures(title: string, lines: readonly MeasureLine[]): string {
  const sides = Object.keys(lines[0]!.sides).filter((side) =>
    lines.some((line) => line.sides[side] !== null),
  );
  return formatTable([
    [title, ...sides],
    ...lines.map(({ name, decimals, sides: spreads }) => [
      name,
      ...sides.map((side) => formatSpread(spreads[side] ?? null, decimals)),
    ]),
  ]);
}

/** What `read` gives of each side over the rounds; null where it gives nothing. */
export function overRounds(
  rounds: readonly SideInRound[][],
  read: (figures: RoundFigures, side: string, round: readonly SideInRound[]) => number | null,
): Record<string, Spread | null> {
  const names = [...rounds[0]!].map(({ side }) => side);
  return Object.fromEntries(
    names.map((side) => {
      const values = rounds.map((round) => read(figuresOf(round, side)!, side, round));
      const known = values.filter((value) => value !== null);
      return [side, known.length === 0 ? null : spreadOf(known)];
    }),
  );
}

export function figuresOf(round: readonly SideInRound[], name: string): RoundFigures | undefined {
  return round.find(({ side }) => side === name)?.figures;
}
