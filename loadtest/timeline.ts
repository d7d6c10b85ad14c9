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
