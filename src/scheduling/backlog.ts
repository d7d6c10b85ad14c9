import { DeadlineQueue } from './deadline-queue.js';
import type { LiveTask } from './live-task.js';
import { CRITICALITIES } from './task.js';

/** The tasks that wait with a deadline they can still make, earliest first, with running sums of their work. */
export class Backlog {
  readonly #queue = new DeadlineQueue<LiveTask>((live) => live.dueAt);
  readonly #jobsByRank = CRITICALITIES.map(() => 0);
  #jobs = 0;
  #tokens = 0;
  #workMs = 0;
  // Only grows while tasks wait: an upper bound is enough to stop a scan early.
  #longestMs = 0;

  get size(): number {
    return this.#queue.size;
  }

  get jobs(): number {
    return this.#jobs;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** On each task's planned variant; ms without slowdown. */
  get workMs(): number {
    return this.#workMs;
  }

  /** No waiting window costs more; ms without slowdown. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** Whether anything of a lower rank waits. */
  hasBelow(rank: number): boolean {
    for (let below = 0; below < rank; below += 1) if (this.#jobsByRank[below]! > 0) return true;
    return false;
  }

  head(): LiveTask | undefined {
    return this.#queue.head();
  }

  add(live: LiveTask): void {
    this.#queue.add(live);
    this.#count(live, 1);
  }

  remove(live: LiveTask): boolean {
    const found = this.#queue.remove(live);
    if (found) this.#count(live, -1);
    return found;
  }

  /** Lets `change` alter a waiting task's windows or plan; one without windows leaves the queue. */
  update(live: LiveTask, change: () => void): void {
    this.#count(live, -1);
    change();
    this.#count(live, 1);
    if (live.pendingJobs === 0) this.#queue.remove(live);
  }

  some(visit: (live: LiveTask) => boolean): boolean {
    return this.#queue.some(visit);
  }

  /** The latest deadline first. */
  someFromEnd(visit: (live: LiveTask) => boolean): boolean {
    return this.#queue.someFromEnd(visit);
  }

  #count(live: LiveTask, sign: 1 | -1): void {
    this.#jobs += sign * live.pendingJobs;
    this.#jobsByRank[live.rank]! += sign * live.pendingJobs;
    this.#tokens += sign * live.pendingTokens;
    this.#workMs += sign * live.workMs;
    if (this.#jobs === 0) {
      this.#workMs = 0;
      this.#longestMs = 0;
    } else if (sign === 1) {
      this.#longestMs = Math.max(this.#longestMs, live.longestMs);
    }
  }
}
