import { f1Of, totalCounts } from '../score.js';
import { percentile, tally } from '../statistics.js';
import type { TextsPass } from './ask-texts.js';

/** A way to be answered: by one variant, or by a cascade of two at a threshold. */
export interface Way {
  /** A variant alone, or `first > second`. */
  name: string;
  /** Up to which probability of an error, in per cent, the first answer is kept; undefined for a variant alone. */
  thresholdPercent: number | undefined;
}

/** What one pass over all texts came to. */
export interface CascadePass extends Way {
  /** Micro entity F1 of the answers. */
  f1: number;
  cpuMsPerText: number;
  p50Ms: number;
  /** Shares by outcome, summing up to 1; empty for a variant alone. */
  outcomes: Record<string, number>;
}

/** Profiles may cross at some lengths, where the better variant answers at once. */
const MAX_UNAVAILABLE_SHARE = 0.05;

/** Whether the two variants make a cascade on this host, for nearly all texts. */
export function isCascade({ texts }: TextsPass): boolean {
  const without = texts.filter(({ outcome }) => outcome === 'unavailable').length;
  return without <= MAX_UNAVAILABLE_SHARE * texts.length;
}

/** The figures of a pass. Throws where the two variants make no cascade on this host. */
export function figuresOfPass(way: Way, pass: TextsPass): CascadePass {
  const { texts, cpuMs } = pass;
  const outcomes = texts.map(({ outcome }) => outcome).filter((outcome) => outcome !== undefined);
  if (!isCascade(pass)) {
    throw new Error(
      `${way.name} make no cascade here: the first one takes no less time than the second`,
    );
  }
  const shares = Object.entries(tally(outcomes)).map(([outcome, count]) => [
    outcome,
    count / outcomes.length,
  ]);
  return {
    ...way,
    f1: f1Of(totalCounts(texts.map(({ counts }) => counts))),
    cpuMsPerText: cpuMs / texts.length,
    p50Ms: percentile(
      texts.map(({ latencyMs }) => latencyMs),
      50,
    ),
    outcomes: Object.fromEntries(shares) as Record<string, number>,
  };
}

/** With what a cascade has to be compared: the best variant alone that takes no more processor time. */
export function bestSingle(
  cascade: Pick<CascadePass, 'cpuMsPerText'>,
  passes: readonly CascadePass[],
): CascadePass | undefined {
  return passes
    .filter(({ thresholdPercent }) => thresholdPercent === undefined)
    .filter(({ cpuMsPerText }) => cpuMsPerText <= cascade.cpuMsPerText)
    .sort((one, other) => other.f1 - one.f1 || one.cpuMsPerText - other.cpuMsPerText)[0];
}

/** Variants alone that no other one alone beats in F1 at no more processor time; cheapest first. */
export function frontierOf(passes: readonly CascadePass[]): CascadePass[] {
  return passes
    .filter((pass) => pass.thresholdPercent === undefined && bestSingle(pass, passes) === pass)
    .sort((one, other) => one.cpuMsPerText - other.cpuMsPerText);
}
