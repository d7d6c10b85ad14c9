import { efficiencyOf, figuresOf, ratiosOf } from './peers-report.js';
import type { SideInRound } from './sides/measure-rounds.js';
import { spreadOf, type Spread } from './statistics.js';
import { judge, type Target, type TargetLine } from './targets.js';

interface PeersTargets {
  rounds: readonly SideInRound[][];
  /** F1 on validation by their cards: of the variant that all sides share, and of that of transformers-js-fp32. */
  cards: { variant: number; fp32Variant: number };
}

const ours = 'entier';
const sameFile = 'transformers-js-q8';
const fp32 = 'transformers-js-fp32';
const rawLoop = 'raw-loop';

type Read = (measured: PeersTargets) => Spread | null;

/** How far our F1 may be below that of fp32. */
const f1Bound = { atLeast: -0.003 };

const targets: readonly (Target & { read: Read })[] = [
  {
    name: 'CPU efficiency: CPU-ms a run of the raw loop / CPU-ms a request',
    decimals: 3,
    bound: { atLeast: 0.8 },
    aim: 0.9,
    read: ({ rounds }) =>
      hasAll(rounds, [rawLoop]) ? efficiencyOf(rawLoop, rounds, [ours]).sides[ours]! : null,
  },
  {
    name: `requests/s / those of ${sameFile}, the same file`,
    decimals: 2,
    bound: { atLeast: 1.8 },
    read: ({ rounds }) => ratioTo(sameFile, 'requests/s', rounds),
  },
  {
    name: `p99 / that of ${sameFile}, the same file`,
    decimals: 2,
    bound: { atMost: 0.5 },
    read: ({ rounds }) => ratioTo(sameFile, 'p99 ms', rounds),
  },
  {
    name: `requests/s / those of ${fp32}`,
    decimals: 2,
    bound: { atLeast: 3 },
    read: ({ rounds }) => ratioTo(fp32, 'requests/s', rounds),
  },
  {
    name: `F1 - that of ${fp32}`,
    decimals: 4,
    bound: f1Bound,
    read: ({ rounds }) => f1Difference(rounds),
  },
  {
    name: 'F1 on validation - that of the fp32 variant, by their cards',
    decimals: 4,
    bound: f1Bound,
    read: ({ cards }) => spreadOf([cards.variant - cards.fp32Variant]),
  },
];

/** The promised figures of our gateway against its peers; what lacks a side is not measured. */
export function peersTargets(measured: PeersTargets): TargetLine[] {
  const known = hasAll(measured.rounds, [ours]);
  return targets.map(({ read, ...target }) => judge(target, known ? read(measured) : null));
}

function ratioTo(peer: string, measure: string, rounds: PeersTargets['rounds']): Spread | null {
  if (!hasAll(rounds, [peer])) return null;
  return ratiosOf(ours, rounds).find(({ name }) => name === measure)?.sides[peer] ?? null;
}

function f1Difference(rounds: PeersTargets['rounds']): Spread | null {
  if (!hasAll(rounds, [fp32])) return null;
  const differences = rounds.flatMap((round) => {
    const [own, other] = [ours, fp32].map((side) => figuresOf(round, side)?.f1 ?? null);
    return own == null || other == null ? [] : [own - other];
  });
  return differences.length === 0 ? null : spreadOf(differences);
}

function hasAll(rounds: PeersTargets['rounds'], sides: readonly string[]): boolean {
  return rounds.every((round) => sides.every((side) => figuresOf(round, side) !== undefined));
}
