import type { SideFigures } from './measure-side.js';
import type { TreeUsage } from './process-tree.js';
import { spreadOf, type Spread } from './statistics.js';
import { formatTable } from './table.js';

export interface Round {
  ours: SideFigures;
  peer: SideFigures;
}

interface Line {
  name: string;
  decimals: number;
  ours: Spread;
  peer: Spread;
  /** Ours divided by the peer's, within each round. */
  ratio: Spread;
}

const measures: readonly [string, number, (figures: SideFigures) => number][] = [
  ['requests/s', 0, (figures) => figures.requestsPerSecond],
  ['p50 ms', 1, (figures) => figures.latencyMs.p50],
  ['p99 ms', 1, (figures) => figures.latencyMs.p99],
  ['CPU-ms a request', 2, (figures) => figures.cpuMsPerRequest],
  ['resident MiB', 0, (figures) => figures.rssMiB],
];

/** Medians and ranges over the rounds; ratios are taken within a round, where the host was in one state. */
export function compareRounds(rounds: readonly Round[]): Line[] {
  return measures.map(([name, decimals, read]) => ({
    name,
    decimals,
    ours: spreadOf(rounds.map(({ ours }) => read(ours))),
    peer: spreadOf(rounds.map(({ peer }) => read(peer))),
    ratio: spreadOf(rounds.map(({ ours, peer }) => read(ours) / read(peer))),
  }));
}

export function formatSides(lines: readonly Line[]): string {
  return formatTable([
    ['median (range)', 'entier', 'transformers.js', 'ratio'],
    ...lines.map(({ name, decimals, ours, peer, ratio }) => [
      name,
      formatSpread(ours, decimals),
      formatSpread(peer, decimals),
      formatSpread(ratio, 2),
    ]),
  ]);
}

interface Memory extends TreeUsage {
  variants: readonly string[];
  readyMs: number;
}

export function formatMemory({ processes, rssMiB, variants, readyMs }: Memory): string {
  return (
    `entier at the end: ${rssMiB.toFixed(0)} MiB resident in ${processes} processes with ` +
    `${variants.length} variants (${variants.join(', ')}); it was ready after ${readyMs.toFixed(0)} ms`
  );
}

export function formatFailures(rounds: readonly Round[]): string {
  const failures = (who: keyof Round): number =>
    rounds.reduce((sum, round) => sum + round[who].failures, 0);
  return `requests that failed: entier ${failures('ours')}, transformers.js ${failures('peer')}`;
}

function formatSpread({ median, min, max }: Spread, decimals: number): string {
  return `${median.toFixed(decimals)} (${min.toFixed(decimals)}-${max.toFixed(decimals)})`;
}
