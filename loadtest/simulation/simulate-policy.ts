import { AnswerTally } from './answer-tally.js';
import { startPolicy, type Policy } from './policies/policy.js';
import { asMeasured, serviceTimes } from './service-times.js';
import type { VirtualHost } from './virtual-host.js';
import { VirtualWorkers } from './virtual-workers.js';
import { tasksOf, type Workload } from './workload.js';

export interface PolicyRun {
  readonly tally: AnswerTally;
  /** The same by second of arrival. */
  readonly bySecond: readonly AnswerTally[];
  /** Of all workers' time, in all and second by second; what runs after the last second is left out. */
  readonly busyShare: number;
  readonly busyBySecond: readonly number[];
}

/** Plays the workload on a host of its own under this policy. */
export function simulatePolicy(policy: Policy, workload: Workload, host: VirtualHost): PolicyRun {
  const { variants, workers, overheadMs, onMiss } = host;
  const tally = new AnswerTally(workload, variants);
  const seconds = Math.ceil(workload.forMs / 1000);
  const bySecond = Array.from({ length: seconds }, () => new AnswerTally(workload, variants));
  const busyMs = new Float64Array(seconds);
  const timeOf = serviceTimes({
    variants,
    overheadMs,
    residualOf: ({ id }) => workload.residual[id]!,
  });
  const virtual = new VirtualWorkers({
    scheduler: startPolicy(policy, { variants: asMeasured(variants, overheadMs), workers }),
    workers,
    runMs: (batch, now) => {
      const runMs = timeOf(batch, now);
      addTime(busyMs, now, now + runMs);
      return runMs;
    },
    onEnd: (outcome) => {
      tally.add(outcome);
      bySecond[Math.floor(outcome.task.arrivalAt / 1000)]!.add(outcome);
    },
  });
  virtual.play(tasksOf(workload, { allowed: variants.map(({ name }) => name), onMiss }));
  const busyBySecond = Array.from(busyMs, (ms) => ms / (workers * 1000));
  const busyShare = busyBySecond.reduce((sum, share) => sum + share, 0) / seconds;
  return { tally, bySecond, busyShare, busyBySecond };
}

/** Adds a stretch of time to the seconds that it lies in. */
function addTime(seconds: Float64Array, fromMs: number, untilMs: number): void {
  for (let at = fromMs; at < untilMs;) {
    const second = Math.floor(at / 1000);
    const end = Math.min(untilMs, (second + 1) * 1000);
    if (second < seconds.length) seconds[second]! += end - at;
    at = end;
  }
}
