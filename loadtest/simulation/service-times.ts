import { runTimeMs } from '../../src/scheduling/latency-profile.js';
import type { Batch, SchedulableVariant, Task } from '../../src/scheduling/task.js';

export interface ServiceTimes {
  /** With the profiles of bare runs, which is not what a gateway would measure: see `asMeasured`. */
  readonly variants: readonly SchedulableVariant[];
  /** What every run takes beside its profile: the way to the worker and back. A batch makes it once. */
  readonly overheadMs: number;
  /** Measured over predicted run time of this task. */
  readonly residualOf: (task: Task) => number;
  /** How much slower than profiled the host is at an instant. */
  readonly slowdown?: (now: number) => number;
}

/**
 * How long a virtual worker takes for a batch: its profile times the mean residual of its jobs, and the overhead.
 * A residual belongs to the task and not to the run, so that all policies meet the same luck.
 */
export function serviceTimes({ variants, overheadMs, residualOf, slowdown }: ServiceTimes) {
  const profiles = new Map(variants.map(({ name, profile }) => [name, profile]));
  return ({ variant, jobs, length }: Batch, now: number): number => {
    const profile = profiles.get(variant);
    if (profile === undefined) throw new Error(`no profile of ${variant}; this is a bug`);
    let residuals = 0;
    for (const { task } of jobs) residuals += residualOf(task);
    const runMs = runTimeMs(profile, jobs.length, length) * (residuals / jobs.length);
    return (runMs + overheadMs) * (slowdown?.(now) ?? 1);
  };
}

/** The variants as a gateway plans with them: what a run takes beside itself is learnt and added. */
export function asMeasured(
  variants: readonly SchedulableVariant[],
  overheadMs: number,
): SchedulableVariant[] {
  return variants.map(({ name, quality, profile: { a, b, c } }) => ({
    name,
    quality,
    profile: { a: a + overheadMs, b, c },
  }));
}
