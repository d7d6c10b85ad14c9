import { seededRandom } from '../random.js';
import { median, spreadOf, type Spread } from '../statistics.js';
import { aimd } from './policies/aimd.js';
import { cheapestThatFits } from './policies/cheapest-that-fits.js';
import { fixed } from './policies/fixed.js';
import { ours } from './policies/ours.js';
import type { Policy } from './policies/policy.js';
import { roundRobin } from './policies/round-robin.js';
import type { Residuals } from './residuals.js';
import { sampleTrace } from './sampled-trace.js';
import { simulatePolicy, type PolicyRun } from './simulate-policy.js';
import type { TextShape } from './text-shapes.js';
import { upperBoundF1 } from './upper-bound.js';
import { capacityOf, fastestOf, type VirtualHost } from './virtual-host.js';
import { drawWorkload, type Workload } from './workload.js';

export interface Traffic {
  /** Requests of each second; only their proportions count. */
  readonly trace: readonly number[];
  readonly texts: readonly TextShape[];
  readonly budgetsMs: readonly number[];
  readonly residuals: Residuals;
  readonly maxRequests: number;
}

export interface PolicyFigures {
  readonly policy: string;
  readonly effectiveF1: Spread;
  readonly budgetsMet: Spread;
  readonly busyShare: Spread;
  /** Median share of all requests that each variant answered in time. */
  readonly shares: Readonly<Record<string, number>>;
}

/** All policies at one load; spreads are over the seeds, differences and ratios are taken within a seed. */
export interface LoadFigures {
  /** Mean rate over the trace, of the fastest variant's capacity. */
  readonly load: number;
  readonly meanPerSecond: number;
  readonly peakPerSecond: number;
  readonly requests: number;
  readonly policies: readonly PolicyFigures[];
  readonly upperBoundF1: Spread;
  readonly bestFixed: string;
  readonly oursLessBestFixed: Spread;
  readonly oursOfUpperBound: Spread;
}

/** The scheduler's own default (src/scheduling/scheduler.ts). */
export const MAX_BATCH_TOKENS = 4096;

/**
 * The load at which the variant that is second in quality is offered twice what it can do: there a server that holds one
 * good model has collapsed.
 */
export function twiceSecondBest(host: VirtualHost, texts: readonly TextShape[]): number {
  const second = host.variants[Math.min(1, host.variants.length - 1)]!;
  return (2 * capacityOf(second, host, texts)) / capacityOf(fastestOf(host, texts), host, texts);
}

/** Plays the trace at one load under every policy, each seed with arrivals, texts, budgets and residuals of its own. */
export function compareAt(
  load: number,
  { traffic, host, seeds }: { traffic: Traffic; host: VirtualHost; seeds: readonly number[] },
): LoadFigures {
  const { trace, texts } = traffic;
  const meanPerSecond = load * capacityOf(fastestOf(host, texts), host, texts);
  const workloads = seeds.map((seed) => workloadOf(traffic, meanPerSecond, seed));
  const run = (policy: Policy) =>
    figuresOf(
      policy.name,
      workloads.map((workload) => simulatePolicy(policy, workload, host)),
    );
  const oursFigures = run(ours);
  const fixedFigures = host.variants.map(({ name }) => ({ name, figures: run(fixed(name)) }));
  const bestFixed = fixedFigures.reduce((best, one) =>
    one.figures.effectiveF1.median > best.figures.effectiveF1.median ? one : best,
  );
  const bounds = workloads.map((workload) =>
    upperBoundF1(workload, { ...host, maxBatchTokens: MAX_BATCH_TOKENS }),
  );
  const others = [roundRobin, cheapestThatFits, aimd(bestFixed.name)].map(run);
  const mean = trace.reduce((sum, count) => sum + count, 0) / trace.length;
  const bySeed = oursFigures.f1BySeed;
  return {
    load,
    meanPerSecond,
    peakPerSecond: (Math.max(...trace) / mean) * meanPerSecond,
    requests: workloads.reduce((sum, { size }) => sum + size, 0),
    policies: [oursFigures, ...fixedFigures.map(({ figures }) => figures), ...others].map(
      ({ f1BySeed: _, ...figures }) => figures,
    ),
    upperBoundF1: spreadOf(bounds),
    bestFixed: bestFixed.figures.policy,
    oursLessBestFixed: spreadOf(bySeed.map((f1, i) => f1 - bestFixed.figures.f1BySeed[i]!)),
    oursOfUpperBound: spreadOf(bySeed.map((f1, i) => f1 / bounds[i]!)),
  };
}

/** Our policy over the whole trace at one load, second by second. */
export function mixOverTime(
  load: number,
  { traffic, host, seed }: { traffic: Traffic; host: VirtualHost; seed: number },
): PolicyRun {
  const { texts } = traffic;
  const meanPerSecond = load * capacityOf(fastestOf(host, texts), host, texts);
  const whole = { ...traffic, maxRequests: Infinity };
  return simulatePolicy(ours, workloadOf(whole, meanPerSecond, seed), host);
}

function workloadOf(traffic: Traffic, meanPerSecond: number, seed: number): Workload {
  const random = seededRandom(seed);
  const { trace, maxRequests } = traffic;
  return drawWorkload({
    ...traffic,
    rates: sampleTrace(trace, { meanPerSecond, maxRequests, random }),
    random,
  });
}

function figuresOf(
  policy: string,
  runs: readonly PolicyRun[],
): PolicyFigures & { f1BySeed: readonly number[] } {
  const shares = runs.map(({ tally }) => tally.shares());
  const f1BySeed = runs.map(({ tally }) => tally.effectiveF1);
  return {
    policy,
    effectiveF1: spreadOf(f1BySeed),
    budgetsMet: spreadOf(runs.map(({ tally }) => tally.metShare)),
    busyShare: spreadOf(runs.map(({ busyShare }) => busyShare)),
    shares: Object.fromEntries(
      Object.keys(shares[0]!).map((name) => [name, median(shares.map((one) => one[name]!))]),
    ),
    f1BySeed,
  };
}
