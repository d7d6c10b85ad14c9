import { admit } from './admission.js';
import { Capacity } from './capacity.js';
import { BatchChooser, type ChoiceTerms, type ChoosesBatches } from './batch-chooser.js';
import { prospectOf, type Outlook } from './feasibility.js';
import { LatencyModel, type ModelledVariant } from './latency-model.js';
import { LiveTask } from './live-task.js';
import { ALL_MECHANISMS, type Mechanisms } from './mechanisms.js';
import { TimePrice } from './price.js';
import { othersOf, route } from './router.js';
import { TaskBoard } from './task-board.js';
import {
  CRITICALITIES,
  type Admission,
  type Batch,
  type FinishedTask,
  type RouteDecision,
  type RouteReason,
  type SchedulableVariant,
  type Task,
} from './task.js';

export interface SchedulerOptions {
  readonly workers: number;
  /** Bound on all waiting work. */
  readonly maxQueuedTokens: number;
  /** Bound on the padded tokens of one run of several windows. */
  readonly maxBatchTokens?: number;
  /** Kept free before each deadline, to decode and send the answer. */
  readonly reserveMs?: number;
  /** Those left out are on. */
  readonly mechanisms?: Partial<Mechanisms>;
  /** Another way to choose variants and batches from the board, to compare ours with. */
  readonly chooserOf?: (board: TaskBoard) => ChoosesBatches;
}

/** Enough for any profile seen so far: beyond it a larger batch gains less than 1 %. */
const DEFAULT_MAX_BATCH_TOKENS = 4096;
const DEFAULT_RESERVE_MS = 0.5;

/**
 * One deadline-ordered queue with late binding: variant and batch are chosen when a worker is free. Pure and
 * synchronous; the caller passes the time, and calls `expire` when `nextExpiryAt` has come.
 */
export class Scheduler {
  readonly #mechanisms: Mechanisms;
  readonly #model: LatencyModel;
  readonly #price: TimePrice;
  readonly #board: TaskBoard;
  readonly #chooser: ChoosesBatches;
  readonly #capacity: Capacity;
  readonly #maxBatchTokens: number;
  readonly #reserveMs: number;

  constructor(options: SchedulerOptions) {
    this.#mechanisms = { ...ALL_MECHANISMS, ...options.mechanisms };
    this.#model = new LatencyModel({ tracksSlowdown: this.#mechanisms.slowdownTracking });
    this.#price = new TimePrice(this.#mechanisms);
    this.#board = new TaskBoard(options.maxQueuedTokens);
    this.#chooser = options.chooserOf?.(this.#board) ?? new BatchChooser(this.#board);
    this.#capacity = new Capacity(options.workers);
    const maxBatchTokens = options.maxBatchTokens ?? DEFAULT_MAX_BATCH_TOKENS;
    this.#maxBatchTokens = this.#mechanisms.batching ? maxBatchTokens : 0;
    this.#reserveMs = options.reserveMs ?? DEFAULT_RESERVE_MS;
  }

  /** Replaces the variants. Waiting tasks are planned anew; those left without any come out of the next `expire`. */
  setVariants(variants: readonly SchedulableVariant[]): void {
    this.#model.setVariants(variants);
    this.#price.reset();
    for (const live of [...this.#board.all()]) {
      const known = this.#variantsFor(live.task);
      const { bound } = live;
      const servable = known.some(({ name }) => bound === null || name === bound.name);
      const queue = this.#board.withdraw(live);
      if (servable) {
        live.allow(known);
        queue?.add(live);
      } else if (queue !== null) this.#board.end(live);
    }
  }

  setWorkers(count: number): void {
    this.#capacity.workers = count;
  }

  /**
   * Queues the task, or says why not. The displaced tasks that ended for it are told here and nowhere else. Throws if
   * none of its allowed variants is known.
   */
  submit(task: Task, now: number): Admission {
    const live = this.#liven(task);
    this.#price.record(live, this.#model);
    const outlook = this.#outlook(now);
    const verdict = admit(live, outlook, {
      room: this.#board.room,
      predicts: this.#mechanisms.admissionControl,
    });
    if (!verdict.admitted) return verdict;
    if (task.heldQuality !== undefined && !route(live, outlook, this.#terms(outlook)).pays) {
      const { predictedMs } = prospectOf(live, outlook);
      return { admitted: false, why: 'budget_unreachable', predictedMs, retryAfterMs: predictedMs };
    }
    return { admitted: true, late: verdict.late, displaced: this.#board.accept(live, verdict) };
  }

  /** Drops the task wherever it is; a run in flight goes on. Returns false if its end was told already. */
  cancel(taskId: number): boolean {
    return this.#board.cancel(taskId);
  }

  /** What routing would choose for this task if it were next. */
  preview(task: Task, now: number): RouteDecision {
    const outlook = this.#outlook(now);
    const { variant, reason } = route(this.#liven(task), outlook, this.#terms(outlook));
    return { variant: variant.name, reason };
  }

  /** When this task would be done on its fastest variant if it were submitted now; ms from now. */
  predictMs(task: Task, now: number): number {
    return prospectOf(this.#liven(task), this.#outlook(now)).predictedMs;
  }

  /** What a free worker should run now; null if nothing waits that may run. */
  next(now: number): Batch | null {
    const { backlog, late } = this.#board;
    if (this.#mechanisms.earlyDrop) this.#board.dropHopeless(now, this.#model);
    if (backlog.size === 0 && late.jobs === 0) return null;
    const outlook = this.#outlook(now);
    const batch = this.#chooser.next(outlook, this.#terms(outlook));
    if (batch !== null) this.#capacity.start(batch);
    return batch;
  }

  /** Why the task got its variant; known from its first run until the call that ends it. */
  reasonOf(taskId: number): RouteReason | undefined {
    const live = this.#board.byId(taskId);
    return live === undefined || live.bound === null ? undefined : live.reason;
  }

  /** Reports what a run took beside `measuredMs` of `complete`: the way to the worker and back; ms. */
  observeDispatch(ms: number): void {
    this.#model.observeDispatch(ms);
  }

  /** Reports a run that is done; returns the tasks that it finishes. A batch that is not running is ignored. */
  complete(batch: Batch, measuredMs: number, now: number): FinishedTask[] {
    if (!this.#capacity.end(batch, now)) return [];
    const { variant, length } = batch;
    this.#model.observe({ variant, jobs: batch.jobs.length, length, measuredMs }, now);
    this.#price.saving.observe(batch, this.#model);
    const finished: FinishedTask[] = [];
    for (const { task } of batch.jobs) {
      const live = this.#board.find(task);
      if (live === null) continue;
      live.inFlight -= 1;
      if (live.inFlight > 0 || live.pendingJobs > 0) continue;
      this.#board.remove(live);
      finished.push({ task, variant, reason: live.reason });
    }
    return finished;
  }

  /** Reports a dead worker. Its jobs wait again, once and while their time allows; returns the tasks that are lost. */
  fail(batch: Batch, now: number): Task[] {
    if (!this.#capacity.end(batch, now)) return [];
    const lost: Task[] = [];
    for (const task of new Set(batch.jobs.map((job) => job.task))) {
      const live = this.#board.find(task);
      if (live === null) continue;
      this.#board.withdraw(live);
      if (!live.suspect && this.#model.find(batch.variant) !== undefined) {
        for (const job of batch.jobs) if (job.task === task) live.restore(job);
        if (this.#board.requeue(live, now, this.#model)) continue;
      }
      this.#board.remove(live);
      lost.push(task);
    }
    return lost;
  }

  /** Ends the waiting tasks whose time is over and returns each once; `degrade` tasks are moved to the late class. */
  expire(now: number): Task[] {
    return this.#board.takeExpired(now);
  }

  /** When `expire` next has something to do; -Infinity means at once, Infinity never. */
  nextExpiryAt(): number {
    return this.#board.nextExpiryAt();
  }

  /** What waits; `lateJobs` are part of `jobs`. */
  depth(): { jobs: number; tokens: number; lateJobs: number } {
    const { backlog, late } = this.#board;
    return {
      jobs: backlog.jobs + late.jobs,
      tokens: backlog.tokens + late.tokens,
      lateJobs: late.jobs,
    };
  }

  /** Measured over predicted run time on this host of late; 1 as profiled. */
  slowdown(): number {
    return this.#model.slowdown;
  }

  /** Quality per worker-ms; 0 while capacity is idle. */
  price(): number {
    return this.#price.value;
  }

  #outlook(now: number): Outlook {
    this.#model.forget(now);
    const outlook: Outlook = {
      now,
      backlog: this.#board.backlog,
      workers: this.#capacity.snapshot(now),
      model: this.#model,
    };
    if (this.#price.isDue(now)) this.#price.refresh(outlook);
    return outlook;
  }

  #terms(outlook: Outlook): ChoiceTerms {
    return {
      price: this.#price.value,
      patience: this.#price.patience,
      others: othersOf(outlook.workers, this.#capacity.load(outlook.now)),
      keepsOthersFeasible: this.#mechanisms.queueFeasibility,
      maxBatchTokens: this.#maxBatchTokens,
    };
  }

  #liven(task: Task): LiveTask {
    const known = this.#variantsFor(task);
    if (known.length === 0) {
      throw new Error(`task ${task.id} allows no variant that is known; this is a bug`);
    }
    const rank = this.#mechanisms.criticality ? CRITICALITIES.indexOf(task.criticality) : 0;
    return new LiveTask(task, known, { reserveMs: this.#reserveMs, rank });
  }

  /** Best first. */
  #variantsFor(task: Task): ModelledVariant[] {
    return this.#model.variants.filter(({ name }) => task.allowed.includes(name));
  }
}
