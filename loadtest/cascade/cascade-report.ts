import { spreadOf, type Spread } from '../statistics.js';
import { formatNumber, formatSpread, formatTable } from '../table.js';
import { judge, type Target, type TargetLine } from '../targets.js';
import { bestSingle, type CascadePass, type Way } from './cascade-pass.js';

/** One way over all rounds. */
export interface CascadeRow extends Way {
  f1: Spread;
  cpuMsPerText: Spread;
  p50Ms: Spread;
  /** Shares by outcome in the last round; empty for a variant alone. */
  outcomes: Record<string, number>;
  /** Of a cascade: the best variant alone that takes no more processor time, by the medians. */
  bestSingle: string | null;
  /** F1 over the best variant alone that takes no more, within each round; null where there is none in some round. */
  gain: Spread | null;
}

const target: Target = {
  name: 'F1 over the best single variant that takes no more processor time, best pair and threshold',
  decimals: 4,
  bound: { atLeast: 0.005 },
};

/** The rounds, each with the same ways in an order of its own, as one row a way in the order of the first round. */
export function rowsOf(rounds: readonly (readonly CascadePass[])[]): CascadeRow[] {
  const ways = rounds[0] ?? [];
  const over = (way: Way, read: (pass: CascadePass) => number): Spread =>
    spreadOf(rounds.map((round) => read(passOf(way, round))));
  const medians = ways.map((way) => ({
    ...way,
    f1: over(way, ({ f1 }) => f1).median,
    cpuMsPerText: over(way, ({ cpuMsPerText }) => cpuMsPerText).median,
  }));
  return ways.map((way, place) => ({
    name: way.name,
    thresholdPercent: way.thresholdPercent,
    f1: over(way, ({ f1 }) => f1),
    cpuMsPerText: over(way, ({ cpuMsPerText }) => cpuMsPerText),
    p50Ms: over(way, ({ p50Ms }) => p50Ms),
    outcomes: passOf(way, rounds.at(-1)!).outcomes,
    bestSingle: isSingle(way) ? null : (bestSingle(medians[place]!, medians)?.name ?? null),
    gain: isSingle(way) ? null : gainOf(way, rounds),
  }));
}

/** The cascade that gains most by the median; undefined where none can be compared. */
export function bestCascade(rows: readonly CascadeRow[]): CascadeRow | undefined {
  return rows
    .filter(({ gain }) => gain !== null)
    .sort((one, other) => other.gain!.median - one.gain!.median)[0];
}

/** What a cascade was promised to gain, at the best of the thresholds. */
export function cascadeTarget(rows: readonly CascadeRow[]): TargetLine {
  return judge(target, bestCascade(rows)?.gain ?? null);
}

export function formatCascades(title: string, rows: readonly CascadeRow[]): string {
  const heads = ['threshold', 'F1', 'CPU-ms', 'p50 ms', 'improved', 'best single', 'F1 over it'];
  const lines = rows.map((row) => [
    row.name,
    row.thresholdPercent === undefined ? '' : (row.thresholdPercent / 100).toFixed(2),
    formatSpread(row.f1, 4),
    formatSpread(row.cpuMsPerText, 2),
    formatSpread(row.p50Ms, 2),
    ...(isSingle(row)
      ? ['', '', '']
      : [
          `${formatNumber(100 * (row.outcomes['improved'] ?? 0), 1)} %`,
          row.bestSingle ?? '-',
          formatSpread(row.gain, 4),
        ]),
  ]);
  return formatTable([[title, ...heads], ...lines], [6]);
}

function gainOf(way: Way, rounds: readonly (readonly CascadePass[])[]): Spread | null {
  const gains = rounds.map((round) => {
    const pass = passOf(way, round);
    const single = bestSingle(pass, round);
    return single === undefined ? null : pass.f1 - single.f1;
  });
  const known = gains.filter((gain) => gain !== null);
  return known.length === gains.length ? spreadOf(known) : null;
}

function passOf(way: Way, round: readonly CascadePass[]): CascadePass {
  return round.find((pass) => isSame(pass, way))!;
}

export function isSame(one: Way, other: Way): boolean {
  return one.name === other.name && one.thresholdPercent === other.thresholdPercent;
}

export function isSingle({ thresholdPercent }: Way): boolean {
  return thresholdPercent === undefined;
}
