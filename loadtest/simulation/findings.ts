import { twiceSecondBest, type LoadFigures, type PolicyFigures } from './sweep.js';
import { fastestOf, type VirtualHost } from './virtual-host.js';
import type { TextShape } from './text-shapes.js';

/** One requirement and what was found; `at` is the load where. */
export interface Finding {
  readonly what: string;
  readonly required: number;
  readonly found: number;
  readonly at: number;
  readonly reached: boolean;
}

interface Candidate {
  readonly load: number;
  readonly value: number;
}

/** The requirements on effective F1 and budgets met, over all loads of one trace; medians over the seeds. */
export function findingsOf(
  rows: readonly LoadFigures[],
  { host, texts }: { host: VirtualHost; texts: readonly TextShape[] },
): Finding[] {
  const second = host.variants[Math.min(1, host.variants.length - 1)]!.name;
  const fastest = fastestOf(host, texts).name;
  const advantages = rows.map((row) => ({ load: row.load, value: row.oursLessBestFixed.median }));
  const overSecond = rows
    .filter(({ load }) => load === twiceSecondBest(host, texts))
    .map((row) => ({
      load: row.load,
      value:
        row.policies[0]!.effectiveF1.median - figuresOf(row, `fixed ${second}`).effectiveF1.median,
    }));
  const servable = rows.filter(
    (row) => figuresOf(row, `fixed ${fastest}`).budgetsMet.median >= BUDGETS_MET,
  );
  const budgetsMet = servable.map((row) => ({
    load: row.load,
    value: row.policies[0]!.budgetsMet.median,
  }));
  const ofBound = rows.map((row) => ({ load: row.load, value: row.oursOfUpperBound.median }));
  return [
    finding('F1 over the best fixed variant, where least', -0.002, least(advantages)),
    finding('F1 over the best fixed variant, where most', 0.015, most(advantages)),
    finding(`F1 over fixed ${second} at twice its capacity`, 0.15, overSecond[0]),
    finding('share of the upper bound, where least', 0.97, least(ofBound)),
    finding(
      `budgets met, least where fixed ${fastest} meets 99.5 %`,
      BUDGETS_MET,
      least(budgetsMet),
    ),
  ].filter((one) => one !== null);
}

const BUDGETS_MET = 0.995;

export function figuresOf(row: LoadFigures, policy: string): PolicyFigures {
  const figures = row.policies.find((one) => one.policy === policy);
  if (figures === undefined) throw new Error(`no figures of ${policy}; this is a bug`);
  return figures;
}

/** Null where no load tells anything of it. */
function finding(what: string, required: number, found: Candidate | undefined): Finding | null {
  if (found === undefined) return null;
  return {
    what,
    required,
    found: found.value,
    at: found.load,
    reached: found.value >= required,
  };
}

function least(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.toSorted((one, other) => one.value - other.value)[0];
}

function most(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.toSorted((one, other) => other.value - one.value)[0];
}
