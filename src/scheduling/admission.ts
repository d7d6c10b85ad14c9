import { prospectOf, type Outlook } from './feasibility.js';
import type { LateClass } from './late-class.js';
import type { LiveTask } from './live-task.js';
import type { Admission } from './task.js';

/** Late work may fill this share of the queue, so that it never keeps out what could be answered in time. */
const MAX_LATE_SHARE = 0.5;
const RETRY_RANGE_MS = { min: 50, max: 30_000 };
/** For a budget that an idle host would miss too, waiting does not help; a second keeps such callers slow. */
const HOPELESS_RETRY_MS = 1000;

/** Decides what becomes of a newcomer; changes nothing. */
export function admit(
  newcomer: LiveTask,
  outlook: Outlook,
  queue: { readonly maxQueuedTokens: number; readonly lateClass: LateClass },
): Admission {
  const { backlog, workers, model, now } = outlook;
  const { maxQueuedTokens, lateClass } = queue;
  const prospect = prospectOf(newcomer, outlook);
  const { predictedMs } = prospect;

  const refuse = (why: 'budget_unreachable' | 'overloaded', waitMs: number): Admission => ({
    admitted: false,
    why,
    predictedMs,
    retryAfterMs: Math.ceil(Math.min(RETRY_RANGE_MS.max, Math.max(RETRY_RANGE_MS.min, waitMs))),
  });

  const workOffMs = workers.startAfter(backlog.workMs * model.slowdown);
  const queued = backlog.tokens + lateClass.tokens + newcomer.pendingTokens;
  if (queued > maxQueuedTokens) return refuse('overloaded', workOffMs);
  if (prospect.fits) return { admitted: true, late: false };
  if (newcomer.task.onMiss === 'reject') {
    const slackMs = newcomer.dueAt - now;
    const idleMs = newcomer.longestMs * model.slowdown;
    const waitMs = idleMs > slackMs ? HOPELESS_RETRY_MS : predictedMs - slackMs;
    return refuse('budget_unreachable', waitMs);
  }
  const late = lateClass.tokens + newcomer.pendingTokens;
  if (late > MAX_LATE_SHARE * maxQueuedTokens) return refuse('overloaded', workOffMs);
  return { admitted: true, late: true };
}
