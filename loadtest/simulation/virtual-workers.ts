import type { Scheduler } from '../../src/scheduling/scheduler.js';
import type { Batch, RouteReason, Task } from '../../src/scheduling/task.js';

/** What virtual workers ask of whoever schedules: the gateway's own scheduler, or one to compare it with. */
export type Schedules = Pick<
  Scheduler,
  'submit' | 'next' | 'complete' | 'fail' | 'expire' | 'nextExpiryAt'
>;

/** What became of one task; `endedAt` is when its owner would learn it. */
export interface Outcome {
  readonly task: Task;
  readonly end: 'completed' | 'expired' | 'refused' | 'displaced' | 'lost';
  readonly endedAt: number;
  readonly variant: string | null;
  readonly reason: RouteReason | null;
}

export interface VirtualWorkersOptions {
  readonly scheduler: Schedules;
  readonly workers: number;
  /** True run time of a batch that starts at `now`, noise included. */
  readonly runMs: (batch: Batch, now: number) => number;
  /** Hears of each task once, when it ends. */
  readonly onEnd: (outcome: Outcome) => void;
  /** A worker dies halfway through this batch and is back at once. */
  readonly dies?: (batch: Batch) => boolean;
  /** Sees each batch as it starts. */
  readonly onStart?: (batch: Batch, now: number) => void;
}

interface Run {
  readonly batch: Batch;
  readonly runMs: number;
  readonly endsAt: number;
  readonly dies: boolean;
}

/** Discrete events on a virtual clock: arrivals from outside, ends of runs and expiries from within. */
export class VirtualWorkers {
  readonly #options: VirtualWorkersOptions;
  readonly #runs: Run[] = [];
  #now = 0;

  constructor(options: VirtualWorkersOptions) {
    this.#options = options;
  }

  /** Plays these arrivals (sorted by `arrivalAt`) and goes on until nothing is left to do. */
  play(tasks: Iterable<Task>): void {
    for (const task of tasks) {
      this.#advance(task.arrivalAt);
      this.submit(task);
    }
    this.#advance(Infinity);
  }

  /** A task that arrives now, as when the end of another one brings it about. */
  submit(task: Task): void {
    const now = task.arrivalAt;
    const admission = this.#options.scheduler.submit(task, now);
    if (!admission.admitted) {
      this.#end({ task, end: 'refused', endedAt: now, variant: null, reason: null });
      return;
    }
    for (const { task: other, late } of admission.displaced) {
      if (late) continue;
      this.#end({ task: other, end: 'displaced', endedAt: now, variant: null, reason: null });
    }
    this.#startRuns(now);
  }

  #advance(until: number): void {
    for (;;) {
      const run = this.#runs[0];
      const runEndsAt = run?.endsAt ?? Infinity;
      const expiryAt = this.#options.scheduler.nextExpiryAt();
      if (Math.min(runEndsAt, expiryAt) > until || Math.min(runEndsAt, expiryAt) === Infinity)
        return;
      if (run !== undefined && runEndsAt <= expiryAt) this.#finish(run);
      else this.#expire(expiryAt);
    }
  }

  #finish(run: Run): void {
    const { scheduler } = this.#options;
    const now = run.endsAt;
    this.#runs.shift();
    if (run.dies) {
      for (const task of scheduler.fail(run.batch, now)) {
        this.#end({ task, end: 'lost', endedAt: now, variant: null, reason: null });
      }
    } else {
      for (const { task, variant, reason } of scheduler.complete(run.batch, run.runMs, now)) {
        this.#end({ task, end: 'completed', endedAt: now, variant, reason });
      }
    }
    this.#startRuns(now);
  }

  #expire(at: number): void {
    this.#now = Math.max(this.#now, at);
    for (const task of this.#options.scheduler.expire(this.#now)) {
      this.#end({ task, end: 'expired', endedAt: this.#now, variant: null, reason: null });
    }
    this.#startRuns(this.#now);
  }

  #startRuns(now: number): void {
    this.#now = now;
    while (this.#runs.length < this.#options.workers) {
      const batch = this.#options.scheduler.next(now);
      if (batch === null) return;
      this.#options.onStart?.(batch, now);
      const dies = this.#options.dies?.(batch) ?? false;
      const runMs = this.#options.runMs(batch, now) * (dies ? 0.5 : 1);
      this.#runs.push({ batch, runMs, endsAt: now + runMs, dies });
      this.#runs.sort((one, other) => one.endsAt - other.endsAt);
    }
  }

  #end(outcome: Outcome): void {
    this.#options.onEnd(outcome);
  }
}
