import { percentilesOf, histogramOf } from '../../../../loadtest/latency-histogram.js';
import type { SweepLoad } from '../../../../loadtest/overload/capacity.js';
import { loadNames, type LoadId } from '../../../../loadtest/overload/loads.js';
import type { MeasuredLoad } from '../../../../loadtest/overload/measure-load.js';
import type { OverloadRound } from '../../../../loadtest/overload/measure-round.js';

interface Change {
  offered?: number;
  goodput?: number;
  byGateway?: number;
  refusalsMs?: number[];
  recoverySeconds?: number | null;
}

/** A load of ten seconds; what is not in time was shed. */
export function measured(name: string, change: Change = {}): MeasuredLoad {
  const { offered = 100, goodput = offered, byGateway = goodput, refusalsMs = [] } = change;
  const share = { requests: 10 * offered, inTime: 10 * goodput, shed: 10 * (offered - goodput) };
  const recovery =
    change.recoverySeconds === undefined
      ? undefined
      : { before: 1, during: 0.5, seconds: change.recoverySeconds, windowSeconds: 0.5 };
  return {
    name,
    sendLagMs: percentilesOf(histogramOf([0.2])),
    sentLate: false,
    figures: {
      offeredPerSecond: offered,
      sentPerSecond: offered,
      answeredPerSecond: goodput,
      goodputPerSecond: goodput,
      byGatewayPerSecond: byGateway,
      all: {
        ...{ ...share, late: 0, failed: 0, errors: {}, variants: { full: 1 } },
        inTimePercent: (100 * goodput) / offered,
        metByGatewayPercent: (100 * byGateway) / offered,
        latencyMs: percentilesOf(histogramOf([5])),
        ...{ effectiveF1: 1, answeredF1: 1 },
      },
      budgets: [],
      refusalMs: refusalsMs.length === 0 ? undefined : percentilesOf(histogramOf(refusalsMs)),
      ...{ recovery, recoveryByGateway: recovery },
      timeline:
        recovery &&
        Array.from({ length: 10 }, (_, second) => ({
          ...{ second, requests: offered, inTime: goodput, late: 0, failed: 0 },
          ...{ shed: offered - goodput, variants: { full: goodput } },
        })),
    },
  };
}

export function sentLate(name: string): MeasuredLoad {
  const sendLagMs = percentilesOf(histogramOf([9]));
  return { name, sendLagMs, sentLate: true, figures: undefined };
}

/** A load of the search for the capacity, with an estimate of 100 requests/s. */
export function sweepLoad(percent: number, goodput: number | 'late'): SweepLoad {
  const name = `${percent} % of the estimate`;
  const load = goodput === 'late' ? sentLate(name) : measured(name, { offered: percent, goodput });
  return { percent, ...load };
}

/** A round with a capacity of 100 requests/s; what `changes` does not name has nothing to complain about. */
export function round(changes: Partial<Record<LoadId, MeasuredLoad>> = {}): OverloadRound {
  const { poisson, gamma, twice, fiveTimes, spike } = loadNames;
  return {
    estimatePerSecond: 100,
    sweep: [sweepLoad(80, 80), sweepLoad(120, 100)],
    capacity: { perSecond: 100, byGatewayPerSecond: 100, percent: 120 },
    loads: {
      poisson: measured(poisson, { offered: 70 }),
      gamma: measured(gamma, { offered: 70 }),
      twice: measured(twice, { offered: 200, goodput: 98, refusalsMs: [2, 3] }),
      fiveTimes: measured(fiveTimes, { offered: 500, goodput: 90, refusalsMs: [4, 6] }),
      spike: measured(spike, { offered: 70, recoverySeconds: 0.4 }),
      ...changes,
    },
  };
}

/** A round of which nothing is known, since all that looks for the capacity was sent late. */
export function lateRound(): OverloadRound {
  const sweep = [sweepLoad(80, 'late'), sweepLoad(120, 'late')];
  return { estimatePerSecond: 100, sweep, capacity: undefined, loads: {} };
}
