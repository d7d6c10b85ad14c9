import type { Scheduler, SchedulerOptions } from '../../../src/scheduling/scheduler.js';
import type { SchedulableVariant } from '../../../src/scheduling/task.js';

/** A way to choose variants and batches; all have the gateway's queue and admission. */
export interface Policy {
  readonly name: string;
  /** A fresh scheduler, which gets its variants from whoever asked: a gateway (`createApp`) or `startPolicy`. */
  create(options: SchedulerOptions): Scheduler;
}

/** What a virtual host has to offer. */
interface PolicySetup {
  /** Best first, with the profiles that a gateway would have measured. */
  readonly variants: readonly SchedulableVariant[];
  readonly workers: number;
}

/** The gateway's default (src/config.ts). */
const MAX_QUEUED_TOKENS = 2_000_000;

/** A scheduler for one run. Answers leave a virtual worker ready to send, so nothing is reserved before a deadline. */
export function startPolicy(policy: Policy, { variants, workers }: PolicySetup): Scheduler {
  const scheduler = policy.create({
    workers,
    maxQueuedTokens: MAX_QUEUED_TOKENS,
    reserveMs: 0,
  });
  scheduler.setVariants(variants);
  return scheduler;
}
