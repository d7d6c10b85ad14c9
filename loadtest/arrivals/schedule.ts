import { pick, randomInteger, seededRandom } from '../random.js';
import { arrivalTimes } from './arrival-times.js';
import type { RateProfile } from './rate-profile.js';

/** A request that is to be sent at an instant, come what may of those before it. */
export interface PlannedRequest {
  /** Milliseconds from the start of the measurement; the warm-up lies before 0. */
  atMs: number;
  /** Its place in the corpus. */
  sentence: number;
  budgetMs: number;
}

export interface ScheduleOptions {
  profile: RateProfile;
  /** Squared coefficient of variation of the gaps between arrivals; 1 is Poisson. */
  cv2: number;
  /** Drawn per request, each as likely as the others. */
  budgetsMs: readonly number[];
  /** Size of the corpus. */
  sentences: number;
  /** Before the profile, at its first rate above 0. */
  warmupSeconds: number;
  seed: number;
}

/** The whole load, ahead of time: the same seed, the same load. Texts go round the corpus, so each differs from its neighbours. */
export function planSchedule(options: ScheduleOptions): PlannedRequest[] {
  const { profile, cv2, budgetsMs, sentences, warmupSeconds, seed } = options;
  // Streams of their own: other budgets leave the arrivals as they are.
  const [arrivals, budgets, texts] = [0, 1, 2].map((stream) => seededRandom(3 * seed + stream));
  const firstRate = profile.find(({ perSecond }) => perSecond > 0)?.perSecond ?? 0;
  const warmup = { seconds: warmupSeconds, perSecond: firstRate };
  const times = arrivalTimes({ profile: [warmup, ...profile], cv2, random: arrivals! });
  const firstSentence = randomInteger(texts!, 0, sentences - 1);
  return times.map((time, index) => ({
    atMs: time - 1000 * warmupSeconds,
    sentence: (firstSentence + index) % sentences,
    budgetMs: pick(budgets!, budgetsMs),
  }));
}
