import { cutTrace, type Trace } from '../arrivals/trace-file.js';
import { UsageError } from '../flags.js';

interface WindowOptions {
  readonly seconds: number;
  /** Undefined: the busiest second of the trace comes to lie in the middle, as far as the trace's ends allow. */
  readonly fromSecond: number | undefined;
}

/** So many seconds of a trace; throws UsageError where it does not have them. */
export function busyWindow(trace: Trace, { seconds, fromSecond }: WindowOptions): Trace {
  const { firstSecond, requests } = trace;
  const latest = firstSecond + requests.length - seconds;
  const from = fromSecond ?? Math.min(Math.max(middleOf(trace, seconds), firstSecond), latest);
  if (from < firstSecond || from > latest) {
    throw new UsageError(
      `the trace has the seconds ${firstSecond} to ${firstSecond + requests.length - 1}, not ${seconds} s from ${Math.max(from, firstSecond)} on: change --live-seconds or --live-from`,
    );
  }
  return cutTrace(trace, { fromSecond: from, seconds });
}

function middleOf({ firstSecond, requests }: Trace, seconds: number): number {
  const busiest = requests.indexOf(Math.max(...requests));
  return firstSecond + busiest - Math.floor(seconds / 2);
}
