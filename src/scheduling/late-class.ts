import { DeadlineQueue } from './deadline-queue.js';
import type { LiveTask } from './live-task.js';

/** Tasks that missed, or will miss, their deadline and may be answered late: earliest arrival first, until they expire. */
export class LateClass {
  readonly #byArrival = new DeadlineQueue<LiveTask>((live) => live.task.arrivalAt);
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

  add(live: LiveTask): void {
    live.late = true;
    this.#byArrival.add(live);
    this.#byExpiry.add(live);
    this.#count(live, 1);
  }

  remove(live: LiveTask): boolean {
    const found = this.#byArrival.remove(live);
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

  /** Visits in order of arrival until `visit` returns true. */
  some(visit: (live: LiveTask) => boolean): boolean {
    return this.#byArrival.some(visit);
  }

  /** The earliest arrival that `matches`. */
  find(matches: (live: LiveTask) => boolean): LiveTask | undefined {
    return this.#byArrival.find(matches);
  }

  #count(live: LiveTask, sign: 1 | -1): void {
    this.#jobs += sign * live.pendingJobs;
    this.#tokens += sign * live.pendingTokens;
  }
}
