import type { TimedAnswer } from './timed-answer.js';

/** What became of the requests that were due in one second. */
export interface SecondFigures {
  second: number;
  requests: number;
  inTime: number;
  late: number;
  shed: number;
  failed: number;
  /** Those in time by the variant that answered. */
  variants: Record<string, number>;
}

/** One entry for every second from 0, empty seconds too; by the intended instants. */
export function timelineOf(answers: readonly TimedAnswer[], seconds: number): SecondFigures[] {
  const timeline = Array.from({ length: Math.ceil(seconds) }, (_, second): SecondFigures => {
    return { second, requests: 0, inTime: 0, late: 0, shed: 0, failed: 0, variants: {} };
  });
  for (const { atMs, outcome, variant = 'unknown' } of answers) {
    const figures = timeline[Math.floor(atMs / 1000)];
    if (figures === undefined) throw new Error(`an answer at ${atMs} ms is outside of the load`);
    figures.requests++;
    if (outcome === 'in_time') {
      figures.inTime++;
      figures.variants[variant] = (figures.variants[variant] ?? 0) + 1;
    } else figures[outcome]++;
  }
  return timeline;
}

/** When a burst began and ended, in seconds. */
export interface Burst {
  fromSecond: number;
  untilSecond: number;
}

export interface Recovery {
  /** Share of the requests in time before the burst, 0 to 1. */
  before: number;
  during: number;
  /**
   * Whole seconds from the burst's end to the first second that has at least 95 % of the share before, as have all from there
   * on taken together; null if there is none.
   */
  seconds: number | null;
}

/** How a burst was got over; undefined where there is no whole second before or after it. */
export function recoveryOf(
  timeline: readonly SecondFigures[],
  { fromSecond, untilSecond }: Burst,
): Recovery | undefined {
  const before = shareInTime(timeline.filter(({ second }) => second + 1 <= fromSecond));
  const during = shareInTime(
    timeline.filter(({ second }) => second >= fromSecond && second + 1 <= untilSecond),
  );
  const after = timeline.filter(({ second }) => second >= untilSecond);
  if (before === undefined || during === undefined || after.length === 0) return undefined;
  const isGood = (some: readonly SecondFigures[]) => (shareInTime(some) ?? 0) >= 0.95 * before;
  const recovered = after.findIndex(
    (figures, index) => isGood([figures]) && isGood(after.slice(index)),
  );
  return { before, during, seconds: recovered === -1 ? null : recovered };
}

function shareInTime(timeline: readonly SecondFigures[]): number | undefined {
  const requests = timeline.reduce((sum, figures) => sum + figures.requests, 0);
  if (requests === 0) return undefined;
  return timeline.reduce((sum, { inTime }) => sum + inTime, 0) / requests;
}
