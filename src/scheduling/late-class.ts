import { DeadlineQueue } from './deadline-queue.js';
import type { LiveTask } from './live-task.js';
import { CRITICALITIES } from './task.js';

/**
 * Tasks that missed, or will miss, their deadline and may be answered late, until they expire: the most critical first,
 * and of those alike the earliest arrival.
 */
export class LateClass {
  /** One queue a rank, the highest first. */
  readonly #byArrival = CRITICALITIES.map(
    () => new DeadlineQueue<LiveTask>((live) => live.task.arrivalAt),
  );
  readonly #byExpiry = new DeadlineQueue<LiveTask>((live) => live.expiresAt);
  #jobs = 0;
  #tokens = 0;

  get jobs(): number {
    return this.#jobs;
  }

  get tokens(): number {
    return this.#tokens;
  }

  get nextExpiryAt(): number {
    return this.#byExpiry.head()?.expiresAt ?? Infinity;
  }

  /** Whether anything of a lower rank waits. */
  hasBelow(rank: number): boolean {
    return this.#byArrival.slice(CRITICALITIES.length - rank).some(({ size }) => size > 0);
  }

  add(live: LiveTask): void {
    live.late = true;
    this.#queueOf(live).add(live);
    this.#byExpiry.add(live);
    this.#count(live, 1);
  }

  remove(live: LiveTask): boolean {
    const found = this.#queueOf(live).remove(live);
    if (found) {
      this.#byExpiry.remove(live);
      this.#count(live, -1);
    }
    return found;
  }

  /** Lets `change` alter a waiting task's windows or plan; one without windows leaves. */
  update(live: LiveTask, change: () => void): void {
    this.#count(live, -1);
    change();
    this.#count(live, 1);
    if (live.pendingJobs === 0) this.remove(live);
  }

  /** Takes one task out whose time is over at `now`. */
  takeExpired(now: number): LiveTask | null {
    const head = this.#byExpiry.head();
    if (head === undefined || head.expiresAt > now) return null;
    this.remove(head);
    return head;
  }

  /** Visits in order until `visit` returns true. */
  some(visit: (live: LiveTask) => boolean): boolean {
    return this.#byArrival.some((queue) => queue.some(visit));
  }

  /** The same from the end: of the least critical the latest arrival first. */
  someFromEnd(visit: (live: LiveTask) => boolean): boolean {
    return this.#byArrival.toReversed().some((queue) => queue.someFromEnd(visit));
  }

  /** The first in order that `matches`. */
  find(matches: (live: LiveTask) => boolean): LiveTask | undefined {
    for (const queue of this.#byArrival) {
      const found = queue.find(matches);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #queueOf({ rank }: LiveTask): DeadlineQueue<LiveTask> {
    return this.#byArrival[CRITICALITIES.length - 1 - rank]!;
  }

  #count(live: LiveTask, sign: 1 | -1): void {
    this.#jobs += sign * live.pendingJobs;
    this.#tokens += sign * live.pendingTokens;
  }
}
