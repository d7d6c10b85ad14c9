/** A stretch of time with one rate of arrivals. */
export interface RateSegment {
  seconds: number;
  perSecond: number;
}

/** How the offered rate goes over time: segments, one after the other. */
export type RateProfile = readonly RateSegment[];

export interface BurstOptions {
  /** Outside of the burst. */
  perSecond: number;
  /** Within it, as a multiple of `perSecond`. */
  times: number;
  /** Of the whole profile. */
  seconds: number;
  fromSecond: number;
  burstSeconds: number;
}

export function steadyProfile(perSecond: number, seconds: number): RateProfile {
  return [{ perSecond, seconds }];
}

/** A spike that is over before the end, or a step where it lasts to the end; throws where it does not lie within. */
export function burstProfile(options: BurstOptions): RateProfile {
  const { perSecond, times, seconds, fromSecond, burstSeconds } = options;
  const after = seconds - fromSecond - burstSeconds;
  if (fromSecond < 0 || burstSeconds <= 0 || after < 0) {
    throw new Error(
      `a burst of ${burstSeconds} s from second ${fromSecond} does not lie within ${seconds} s`,
    );
  }
  return [
    { perSecond, seconds: fromSecond },
    { perSecond: perSecond * times, seconds: burstSeconds },
    { perSecond, seconds: after },
  ].filter((segment) => segment.seconds > 0);
}

export function profileSeconds(profile: RateProfile): number {
  return profile.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** The number of arrivals to expect. */
export function expectedArrivals(profile: RateProfile): number {
  return profile.reduce((sum, { seconds, perSecond }) => sum + seconds * perSecond, 0);
}
