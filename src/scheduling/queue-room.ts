import type { Backlog } from './backlog.js';
import { whoLeavesLate } from './displacement.js';
import type { LateClass } from './late-class.js';
import type { LiveTask } from './live-task.js';

/** Late work may fill this share of the queue, so that it never keeps out what could be answered in time. */
const MAX_LATE_SHARE = 0.5;

/** The bounds on waiting work. */
export class QueueRoom {
  readonly backlog: Backlog;
  readonly late: LateClass;
  readonly #maxTokens: number;

  constructor(queues: { backlog: Backlog; late: LateClass }, maxQueuedTokens: number) {
    this.backlog = queues.backlog;
    this.late = queues.late;
    this.#maxTokens = maxQueuedTokens;
  }

  /** Tokens by which all waiting work would be over its bound with so many more; not positive where they have room. */
  excessWith(tokens: number): number {
    return this.backlog.tokens + this.late.tokens + tokens - this.#maxTokens;
  }

  /** Less critical late tasks that must leave before this one may wait as late work; null where that is not enough. */
  whoMakesLateRoomFor(live: LiveTask): LiveTask[] | null {
    const tokens = live.pendingTokens;
    const excessTokens = Math.max(
      this.excessWith(tokens),
      this.late.tokens + tokens - MAX_LATE_SHARE * this.#maxTokens,
    );
    return excessTokens > 0 ? whoLeavesLate(live, this.late, excessTokens) : [];
  }
}
