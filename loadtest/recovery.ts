import { median } from './statistics.js';
import type { TimedAnswer } from './timed-answer.js';
import type { Burst } from './timeline.js';

export interface Recovery {
  /** Share of the requests in time before the burst, 0 to 1: the median of its whole seconds. */
  before: number;
  during: number;
  /**
   * From the burst's end to the first window that has at least 95 % of the share before, as have all requests from its
   * beginning on taken together; null if there is none.
   */
  seconds: number | null;
  windowSeconds: number;
}

interface RecoveryOptions {
  burst: Burst;
  /** Of the whole load. */
  seconds: number;
  /** Which answers are good; default: those in time. */
  isGood?: (answer: TimedAnswer) => boolean;
}

const recoveredShare = 0.95;
/**
 * A window is half a second or longer: so long that it has 100 requests at the rate before the burst, where one that was
 * missed by chance weighs 1 %. It is the share of requests due in it that counts, at a constant rate the same as goodput: the
 * number of 100 random arrivals alone strays by 10 %.
 */
const shortestWindowSeconds = 0.5;
const requestsOfWindow = 100;
const stepMs = 50;

/** How a burst was got over; undefined where no whole second before it had good answers, or nothing follows it. */
export function recoveryOf(
  answers: readonly TimedAnswer[],
  { burst, seconds, isGood = ({ outcome }) => outcome === 'in_time' }: RecoveryOptions,
): Recovery | undefined {
  const { fromSecond, untilSecond } = burst;
  const due = answers.map((answer) => ({ at: answer.atMs / 1000, good: isGood(answer) }));
  const within = (from: number, until: number): Due[] =>
    due.filter(({ at }) => at >= from && at < until);
  const wholeSeconds = Array.from({ length: Math.floor(fromSecond) }, (_, second) =>
    goodShare(within(second, second + 1)),
  ).filter((share) => !Number.isNaN(share));
  const after = within(untilSecond, seconds);
  const before = median(wholeSeconds);
  // NaN of no seconds.
  if (!(before > 0) || after.length === 0) return undefined;

  const perSecond = within(0, fromSecond).length / fromSecond;
  const windowSeconds = Math.min(
    Math.max(shortestWindowSeconds, requestsOfWindow / perSecond),
    seconds - untilSecond,
  );
  const isBack = (some: readonly Due[]) => goodShare(some) >= recoveredShare * before;
  const isBackAt = (second: number) =>
    isBack(within(second, second + windowSeconds)) && isBack(within(second, seconds));
  const lastMs = 1000 * (seconds - untilSecond - windowSeconds);
  const starts = Array.from(
    { length: Math.floor(lastMs / stepMs + 1e-9) + 1 },
    (_, place) => (place * stepMs) / 1000,
  );
  return {
    before,
    during: goodShare(within(fromSecond, untilSecond)),
    seconds: starts.find((start) => isBackAt(untilSecond + start)) ?? null,
    windowSeconds,
  };
}

interface Due {
  /** In seconds. */
  at: number;
  good: boolean;
}

/** NaN of no requests. */
function goodShare(some: readonly Due[]): number {
  return some.filter(({ good }) => good).length / some.length;
}
