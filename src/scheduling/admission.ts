import { whoGivesWay } from './displacement.js';
import { prospectOf, type Outlook } from './feasibility.js';
import type { LiveTask } from './live-task.js';
import type { QueueRoom } from './queue-room.js';
import type { Refusal } from './task.js';

const RETRY_RANGE_MS = { min: 50, max: 30_000 };
/** For a budget that an idle host would miss too, waiting does not help; a second keeps such callers slow. */
const HOPELESS_RETRY_MS = 1000;

export interface AdmissionTerms {
  readonly room: QueueRoom;
  /** Whether predictions count, or only the bound on waiting work. */
  readonly predicts: boolean;
}

export interface Acceptance {
  readonly admitted: true;
  readonly late: boolean;
  /** Waiting tasks that must leave for it, the least critical first. */
  readonly leaving: readonly LiveTask[];
  /** When those of them that end may try again. */
  readonly retryAfterMs: number;
}

/** Decides what becomes of a newcomer, and who must give way to it; changes nothing. */
export function admit(
  newcomer: LiveTask,
  outlook: Outlook,
  { room, predicts }: AdmissionTerms,
): Acceptance | Refusal {
  const { backlog, workers, model, now } = outlook;
  const { predictedMs, fits } = prospectOf(newcomer, outlook);
  const isInTime = fits || !predicts;
  const excessTokens = room.excessWith(newcomer.pendingTokens);
  const workOffMs = workers.startAfter(backlog.workMs * model.slowdown);

  const accept = (late: boolean, leaving: readonly LiveTask[]): Acceptance => ({
    admitted: true,
    late,
    leaving,
    retryAfterMs: retryAfter(workOffMs),
  });
  const refuse = (why: Refusal['why'], waitMs: number): Refusal => ({
    admitted: false,
    why,
    predictedMs,
    retryAfterMs: retryAfter(waitMs),
  });

  if (isInTime && excessTokens <= 0) return accept(false, []);
  const leaving = whoGivesWay(newcomer, outlook, {
    late: room.late,
    excessTokens,
    timed: predicts,
  });
  if (leaving !== null) return accept(false, leaving);
  if (isInTime) return refuse('overloaded', workOffMs);

  if (newcomer.task.onMiss === 'degrade') {
    const leavingLate = room.whoMakesLateRoomFor(newcomer);
    return leavingLate === null ? refuse('overloaded', workOffMs) : accept(true, leavingLate);
  }
  if (excessTokens > 0) return refuse('overloaded', workOffMs);
  const slackMs = newcomer.dueAt - now;
  const idleMs = newcomer.longestMs * model.slowdown;
  return refuse('budget_unreachable', idleMs > slackMs ? HOPELESS_RETRY_MS : predictedMs - slackMs);
}

function retryAfter(waitMs: number): number {
  return Math.ceil(Math.min(RETRY_RANGE_MS.max, Math.max(RETRY_RANGE_MS.min, waitMs)));
}
