import { burstProfile, steadyProfile, type RateProfile } from '../arrivals/rate-profile.js';
import type { Burst } from '../timeline.js';

/** A load with its instants still to be drawn. */
export interface PlannedLoad {
  name: string;
  profile: RateProfile;
  /** Squared coefficient of variation of the gaps between arrivals. */
  cv2: number;
  /** Of a refused request. */
  retries: number;
  burst?: Burst;
}

/** Of capacity. */
export const steadyPercent = 70;
export const gammaCv2 = 4;
/** Multiples of capacity. */
export const overloadTimes = [2, 5] as const;
/** Of the rate before and after it. */
export const spikeTimes = 4;
export const retriesInSpike = 3;

export const loadNames = {
  poisson: `Poisson, ${steadyPercent} % of capacity`,
  gamma: `gamma CV² ${gammaCv2}, ${steadyPercent} %`,
  twice: `${overloadTimes[0]} x capacity`,
  fiveTimes: `${overloadTimes[1]} x capacity`,
  spike: `spike of ${spikeTimes} x ${steadyPercent} %`,
} as const;
export type LoadId = keyof typeof loadNames;
export const loadIds = Object.keys(loadNames) as LoadId[];

export interface LoadSeconds {
  steady: number;
  spike: { before: number; lasts: number; after: number };
}

/** Seconds of the load, without its warm-up. */
export function secondsOf(id: LoadId, { steady, spike }: LoadSeconds): number {
  return id === 'spike' ? spike.before + spike.lasts + spike.after : steady;
}

export function spikeOf({ spike }: LoadSeconds): Burst {
  return { fromSecond: spike.before, untilSecond: spike.before + spike.lasts };
}

/** One of the loads of a gateway with this capacity, in requests/s. */
export function planLoad(
  id: LoadId,
  { perSecond, seconds }: { perSecond: number; seconds: LoadSeconds },
): PlannedLoad {
  const base = (perSecond * steadyPercent) / 100;
  const steady = (rate: number, cv2 = 1): PlannedLoad => ({
    ...{ name: loadNames[id], cv2, retries: 0 },
    profile: steadyProfile(rate, seconds.steady),
  });
  switch (id) {
    case 'poisson':
      return steady(base);
    case 'gamma':
      return steady(base, gammaCv2);
    case 'twice':
      return steady(overloadTimes[0] * perSecond);
    case 'fiveTimes':
      return steady(overloadTimes[1] * perSecond);
    case 'spike': {
      const { before, lasts } = seconds.spike;
      return {
        ...{ name: loadNames.spike, cv2: 1, retries: retriesInSpike },
        profile: burstProfile({
          ...{ perSecond: base, times: spikeTimes, seconds: secondsOf('spike', seconds) },
          ...{ fromSecond: before, burstSeconds: lasts },
        }),
        burst: spikeOf(seconds),
      };
    }
  }
}

export function sweepName(percent: number): string {
  return `${percent} % of the estimate`;
}

/** The load that tries so many per cent of the first estimate, in the search for the capacity. */
export function planSweepLoad(
  percent: number,
  { estimatePerSecond, seconds }: { estimatePerSecond: number; seconds: number },
): PlannedLoad {
  const perSecond = (percent * estimatePerSecond) / 100;
  return {
    ...{ name: sweepName(percent), cv2: 1, retries: 0 },
    profile: steadyProfile(perSecond, seconds),
  };
}
