import { randomInteger, seededRandom, type Random } from '../random.js';
import type { FleetSecond } from './fleet.js';
import { ours } from './policies/ours.js';
import type { Residuals } from './residuals.js';
import { simulatePolicy } from './simulate-policy.js';
import type { TextShape } from './text-shapes.js';
import type { VirtualHost } from './virtual-host.js';
import { drawWorkload } from './workload.js';

export interface ReplicaWorld {
  readonly host: VirtualHost;
  readonly texts: readonly TextShape[];
  readonly budgetsMs: readonly number[];
  readonly residuals: Residuals;
}

/** What a stretch of one replica's life came to. */
export interface ReplicaFigures {
  readonly perSecond: number;
  readonly requests: number;
  readonly budgetsMet: number;
  readonly effectiveF1: number;
  readonly busyShare: number;
  readonly shares: Readonly<Record<string, number>>;
}

export interface SampledWindow extends FleetSecond, ReplicaFigures {
  readonly second: number;
}

export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

export interface DaySample {
  /** Two per stratum, in order of time. */
  readonly windows: readonly SampledWindow[];
  /** Over all requests of the day. */
  readonly budgetsMet: Estimate;
  readonly effectiveF1: Estimate;
}

/** Each starts from an empty queue; what is in it at most a second later no longer depends on that. */
const LEAD_IN_SECONDS = 1;

/** One replica under these rates, second by second; the first second is not counted. */
export function simulateReplicas(
  rates: readonly number[],
  { world, replicas, random }: { world: ReplicaWorld; replicas: number; random: Random },
): ReplicaFigures[][] {
  return Array.from({ length: replicas }, () => {
    // A balancer that picks replicas at random thins a Poisson process: each replica gets one of its own.
    const workload = drawWorkload({
      rates: [...new Array<number>(LEAD_IN_SECONDS).fill(rates[0]!), ...rates],
      ...world,
      random,
    });
    const { bySecond, busyBySecond } = simulatePolicy(ours, workload, world.host);
    return bySecond.slice(LEAD_IN_SECONDS).map((tally, second) => ({
      perSecond: rates[second]!,
      requests: tally.requests,
      budgetsMet: tally.metShare,
      effectiveF1: tally.effectiveF1,
      busyShare: busyBySecond[second + LEAD_IN_SECONDS]!,
      shares: tally.shares(),
    }));
  });
}

/** Several stretches as one: means, weighted by their requests but for the rate and the workers' time. */
export function pool(figures: readonly ReplicaFigures[]): ReplicaFigures {
  const some = figures.filter(({ requests }) => requests > 0);
  const requests = some.reduce((sum, one) => sum + one.requests, 0);
  const mean = (read: (one: ReplicaFigures) => number): number =>
    some.reduce((sum, one) => sum + read(one) * one.requests, 0) / requests;
  const names = Object.keys(figures[0]?.shares ?? {});
  return {
    perSecond: figures.reduce((sum, { perSecond }) => sum + perSecond, 0) / figures.length,
    requests,
    budgetsMet: mean((one) => one.budgetsMet),
    effectiveF1: mean((one) => one.effectiveF1),
    busyShare: figures.reduce((sum, one) => sum + one.busyShare, 0) / figures.length,
    shares: Object.fromEntries(names.map((name) => [name, mean((one) => one.shares[name]!)])),
  };
}

interface SampleOptions {
  readonly world: ReplicaWorld;
  readonly strata: number;
  readonly windowSeconds: number;
  readonly replicas: number;
  readonly seed: number;
}

/**
 * Estimates a fleet's day from windows: the day is cut into strata of equal length, in each two windows begin at random, and
 * of all replicas that serve then a few are played, at the rate that each gets. Weights are the requests of a stratum. The
 * standard error is that of stratified sampling with two draws (Cochran, Sampling Techniques, 1977, section 5.3).
 */
export function sampleDay(fleet: readonly FleetSecond[], options: SampleOptions): DaySample {
  const { world, strata, windowSeconds, replicas, seed } = options;
  const random = seededRandom(seed);
  const windows: SampledWindow[] = [];
  const weights: number[] = [];
  for (let stratum = 0; stratum < strata; stratum += 1) {
    const from = Math.floor((stratum * fleet.length) / strata);
    const until = Math.floor(((stratum + 1) * fleet.length) / strata);
    let weight = 0;
    for (let second = from; second < until; second += 1) weight += fleet[second]!.offeredPerSecond;
    weights.push(weight);
    const seconds = [0, 1].map(() => randomInteger(random, from, until - windowSeconds));
    for (const second of seconds.sort((one, other) => one - other)) {
      const rates = fleet
        .slice(second, second + windowSeconds)
        .map(({ offeredPerSecond, ready }) => offeredPerSecond / ready);
      const played = simulateReplicas(rates, { world, replicas, random });
      windows.push({ second, ...fleet[second]!, ...pool(played.flat()) });
    }
  }
  const estimate = (read: (window: SampledWindow) => number): Estimate => {
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    let value = 0;
    let variance = 0;
    weights.forEach((weight, stratum) => {
      const [one, other] = windows.slice(2 * stratum, 2 * stratum + 2).map(read);
      value += (weight / all) * ((one! + other!) / 2);
      variance += (weight / all) ** 2 * ((one! - other!) ** 2 / 4);
    });
    return { value, standardError: Math.sqrt(variance) };
  };
  return {
    windows,
    budgetsMet: estimate(({ budgetsMet }) => budgetsMet),
    effectiveF1: estimate(({ effectiveF1 }) => effectiveF1),
  };
}
