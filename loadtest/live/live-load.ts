import { planSchedule, type PlannedRequest } from '../arrivals/schedule.js';
import { traceProfile, type Trace } from '../arrivals/trace-file.js';
import { UsageError } from '../flags.js';
import type { TextShape } from '../simulation/text-shapes.js';
import type { Workload } from '../simulation/workload.js';

/** One window at one scale: what every policy is sent. */
export interface LiveLoad {
  readonly trace: string;
  readonly scale: number;
  readonly meanPerSecond: number;
  readonly peakPerSecond: number;
  /** With the warm-up, whose instants are below 0. */
  readonly schedule: readonly PlannedRequest[];
  /** The same without the warm-up, for the simulator's measures. */
  readonly workload: Workload;
}

interface LoadOptions {
  readonly trace: string;
  readonly window: Trace;
  readonly scale: number;
  /** Requests/s that scales are multiples of. */
  readonly capacity: number;
  readonly budgetsMs: readonly number[];
  readonly shapes: readonly TextShape[];
  readonly warmupSeconds: number;
  readonly seed: number;
}

/** Plans every request ahead; throws UsageError where none falls into the window. */
export function planLoad(options: LoadOptions): LiveLoad {
  const { trace, window, scale, capacity, budgetsMs, shapes, warmupSeconds, seed } = options;
  const mean = window.requests.reduce((sum, count) => sum + count, 0) / window.requests.length;
  const meanPerSecond = scale * capacity;
  const schedule = planSchedule({
    profile: traceProfile(window, meanPerSecond / mean),
    cv2: 1,
    budgetsMs,
    sentences: shapes.length,
    warmupSeconds,
    seed,
  });
  const measured = schedule.filter(({ atMs }) => atMs >= 0);
  if (measured.length === 0) {
    throw new UsageError(
      `at ${meanPerSecond.toFixed(2)} requests/s none falls into the window of ${trace}: raise --live-scales or --live-seconds`,
    );
  }
  return {
    trace,
    scale,
    meanPerSecond,
    peakPerSecond: (Math.max(...window.requests) / mean) * meanPerSecond,
    schedule,
    workload: workloadOf(measured, shapes, window.requests.length),
  };
}

/** Runs are taken to last as long as profiled: how long those last that never were is not known. */
function workloadOf(
  requests: readonly PlannedRequest[],
  shapes: readonly TextShape[],
  seconds: number,
): Workload {
  const read = (of: (request: PlannedRequest) => number) => Float64Array.from(requests, of);
  return {
    size: requests.length,
    forMs: 1000 * seconds,
    arrivalAt: read(({ atMs }) => atMs),
    budgetMs: read(({ budgetMs }) => budgetMs),
    tokens: Uint16Array.from(read(({ sentence }) => shapes[sentence]!.tokens)),
    entities: read(({ sentence }) => shapes[sentence]!.entities),
    residual: read(() => 1),
  };
}
