import { Scheduler, type SchedulerOptions } from '../../../src/scheduling/scheduler.js';
import type { SchedulableVariant, Task } from '../../../src/scheduling/task.js';
import type { Schedules } from '../virtual-workers.js';

/** What a policy has to work with. */
export interface PolicySetup {
  /** Best first, with the profiles that a gateway would have measured. */
  readonly variants: readonly SchedulableVariant[];
  readonly workers: number;
}

/** A way to choose variants and batches; all have the gateway's queue and admission. */
export interface Policy {
  readonly name: string;
  /** A fresh scheduler for one run. */
  start(setup: PolicySetup): Schedules;
}

/** The gateway's default (src/config.ts). */
const MAX_QUEUED_TOKENS = 2_000_000;

/** The gateway's scheduler. Answers leave a virtual worker ready to send, so nothing is reserved before a deadline. */
export function schedulerOf(
  { variants, workers }: PolicySetup,
  options: Partial<SchedulerOptions> = {},
): Scheduler {
  const scheduler = new Scheduler({
    workers,
    maxQueuedTokens: MAX_QUEUED_TOKENS,
    reserveMs: 0,
    ...options,
  });
  scheduler.setVariants(variants);
  return scheduler;
}

/** The gateway's scheduler, with the variant of each task chosen when it comes, and admission that knows it. */
export function boundAtArrival(
  setup: PolicySetup,
  choose: (task: Task) => SchedulableVariant,
): Schedules {
  const scheduler = schedulerOf(setup);
  return {
    submit: (task, now) => scheduler.submit({ ...task, allowed: [choose(task).name] }, now),
    next: (now) => scheduler.next(now),
    complete: (batch, measuredMs, now) => scheduler.complete(batch, measuredMs, now),
    fail: (batch, now) => scheduler.fail(batch, now),
    expire: (now) => scheduler.expire(now),
    nextExpiryAt: () => scheduler.nextExpiryAt(),
  };
}
