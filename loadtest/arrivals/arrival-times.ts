import type { Random } from '../random.js';
import { gapsOf } from './gamma.js';
import type { RateProfile } from './rate-profile.js';

interface ArrivalOptions {
  profile: RateProfile;
  /** Squared coefficient of variation of the gaps, where the rate is constant. */
  cv2: number;
  random: Random;
}

/** So many mean gaps pass unseen, since a bunched process that begins at its own start has too many arrivals there. */
const settlingGaps = 100;

/**
 * Instants of arrival, in ms from the start of the profile, ascending. A process of rate 1 runs on a clock that goes as fast
 * as the profile's rate (time rescaling), so gaps keep their shape while the rate changes.
 */
export function arrivalTimes({ profile, cv2, random }: ArrivalOptions): number[] {
  const nextGap = gapsOf(cv2, random);
  const times: number[] = [];
  let arrival = -settlingGaps;
  let startsAt = 0;
  let arrivalsBefore = 0;
  for (const { seconds, perSecond } of profile) {
    const arrivalsUntil = arrivalsBefore + seconds * perSecond;
    for (; arrival < arrivalsUntil; arrival += nextGap()) {
      if (arrival < 0) continue;
      times.push(startsAt + (1000 * (arrival - arrivalsBefore)) / perSecond);
    }
    startsAt += 1000 * seconds;
    arrivalsBefore = arrivalsUntil;
  }
  return times;
}
