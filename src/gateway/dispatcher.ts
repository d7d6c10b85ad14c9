import { errors } from '../errors.js';
import { RunFailedError } from '../runtime/worker.js';
import { batchInput, splitLogits, type SpecialTokens } from '../runtime/batch-input.js';
import { taskOf } from './task-of-work.js';
import { recordEnd, recordStart } from './batch-metrics.js';
import type { EncodedText, Window } from '../ner/encoded-text.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { Scheduler } from '../scheduling/scheduler.js';
import type { Batch, Displaced, FinishedTask, RouteReason, Task } from '../scheduling/task.js';
import type { Logger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';

/** A text to be run through a model. */
export interface Work extends Omit<Task, 'id' | 'windowTokens'> {
  readonly encoded: EncodedText;
  readonly windows: readonly Window[];
  /** Of the family of the allowed variants. */
  readonly special: SpecialTokens;
  readonly labelCount: number;
}

/** What came of it: the logits of each window. Instants are of the gateway's clock. */
export interface WorkDone {
  readonly variant: string;
  readonly reason: RouteReason;
  readonly logits: readonly Float32Array[];
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Of the last run, the way to the worker and back. */
  readonly dispatchMs: number;
}

interface PendingWork {
  readonly work: Work;
  /** By window; complete when the scheduler says that the task is finished. */
  readonly logits: Float32Array[];
  startedAt: number | undefined;
  readonly resolve: (done: WorkDone) => void;
  readonly reject: (error: unknown) => void;
}

export interface DispatcherOptions {
  readonly scheduler: Scheduler;
  readonly pool: WorkerPool;
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** A run is hung when it takes this many times what was predicted, and at least so long. */
const HUNG_FACTOR = 50;
const MIN_HUNG_AFTER_MS = 3_000;

/** Drives the pure scheduler with real workers and a real clock. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #pending = new Map<number, PendingWork>();
  #nextTaskId = 0;
  #expiryTimer: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Tasks that are queued or running. */
  get size(): number {
    return this.#pending.size;
  }

  /** What routing would choose for this work if it were next. */
  preview(work: Work): string {
    const { scheduler, now } = this.#options;
    return scheduler.preview(taskOf(work, 0), now()).variant;
  }

  /** When this work would be done if it were submitted now; ms from now. */
  predictMs(work: Work): number {
    const { scheduler, now } = this.#options;
    return scheduler.predictMs(taskOf(work, 0), now());
  }

  /**
   * Queues the work and resolves when all its windows have run. Rejects with a GatewayError, or with the signal's
   * reason when it is aborted: its queued windows are dropped then, running ones are left to end.
   */
  submit(work: Work, signal: AbortSignal): Promise<WorkDone> {
    const { scheduler, now, metrics } = this.#options;
    signal.throwIfAborted();
    const task = taskOf(work, ++this.#nextTaskId);
    const admission = scheduler.submit(task, now());
    if (!admission.admitted) {
      const { why, predictedMs, retryAfterMs } = admission;
      throw why === 'overloaded'
        ? errors.overloaded(retryAfterMs)
        : errors.budgetUnreachable(predictedMs, retryAfterMs);
    }
    this.#giveWay(admission.displaced);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (!this.#pending.delete(task.id)) return;
        scheduler.cancel(task.id);
        metrics.jobsAbandoned.inc(work.windows.length);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          signal.removeEventListener('abort', onAbort);
          settle(value);
        };
      this.#pending.set(task.id, {
        work,
        logits: new Array<Float32Array>(work.windows.length),
        startedAt: undefined,
        resolve: settled(resolve),
        reject: settled(reject),
      });
      this.pump();
    });
  }

  /** Gives every free worker a batch, as long as there is one; called whenever either may have changed. */
  pump(): void {
    const { scheduler, pool, now } = this.#options;
    this.#rejectExpired();
    while (pool.freeCount > 0) {
      const batch = scheduler.next(now());
      if (batch === null) break;
      void this.#run(batch);
    }
    // Choosing a batch may have found tasks that cannot be answered in time any more.
    this.#rejectExpired();
    this.#options.metrics.queueDepth.set(this.#options.scheduler.depth().jobs);
    this.#armExpiryTimer();
  }

  async #run(batch: Batch): Promise<void> {
    const { scheduler, pool, now, metrics, logger } = this.#options;
    const windows = this.#windowsOf(batch);
    // All are for one variant, and so of one family.
    const { special, labelCount } = windows[0]!.work;
    const input = batchInput(batch.variant, windows, special);
    this.#recordDelays(batch);
    recordStart(batch, input.lengths, metrics);
    const startedAt = now();
    try {
      const output = await pool.run(
        input,
        Math.max(MIN_HUNG_AFTER_MS, HUNG_FACTOR * batch.predictedMs),
      );
      const finishedAt = now();
      this.#keep(batch, splitLogits(output.logits, input.lengths, labelCount));
      const measuredMs = finishedAt - startedAt;
      const dispatchMs = measuredMs - output.runMs;
      scheduler.observeDispatch(dispatchMs);
      const finished = scheduler.complete(batch, output.runMs, finishedAt);
      for (const task of finished) this.#finish(task, { finishedAt, dispatchMs });
      recordEnd({ batch, measuredMs }, scheduler, metrics);
    } catch (error) {
      const how = error instanceof RunFailedError ? 'the model refused a batch' : 'a worker died';
      logger.error({ err: error, variant: batch.variant, jobs: batch.jobs.length }, how);
      for (const task of scheduler.fail(batch, now())) {
        this.#take(task.id)?.reject(errors.inferenceFailed(error));
      }
    }
    this.pump();
  }

  /** Windows of a task that was cancelled meanwhile never reach a batch, so each has its pending work. */
  #windowsOf(batch: Batch): { work: Work; encoded: EncodedText; window: Window }[] {
    return batch.jobs.map((job) => {
      const pending = this.#pending.get(job.task.id);
      if (pending === undefined)
        throw new Error(`task ${job.task.id} is not pending; this is a bug`);
      const { work } = pending;
      return { work, encoded: work.encoded, window: work.windows[job.window]! };
    });
  }

  #keep(batch: Batch, logits: readonly Float32Array[]): void {
    batch.jobs.forEach((job, index) => {
      // Its caller may be gone since the batch started.
      const pending = this.#pending.get(job.task.id);
      if (pending !== undefined) pending.logits[job.window] = logits[index]!;
    });
  }

  #finish(
    { task, variant, reason }: FinishedTask,
    { finishedAt, dispatchMs }: Pick<WorkDone, 'finishedAt' | 'dispatchMs'>,
  ): void {
    const pending = this.#take(task.id);
    pending?.resolve({
      variant,
      reason,
      logits: pending.logits,
      startedAt: pending.startedAt ?? finishedAt,
      finishedAt,
      dispatchMs,
    });
  }

  #giveWay(displaced: readonly Displaced[]): void {
    for (const each of displaced) {
      const { criticality, id } = each.task;
      this.#options.metrics.displaced.inc({ criticality, result: each.late ? 'late' : 'shed' });
      if (!each.late) this.#take(id)?.reject(errors.displaced(each.retryAfterMs));
    }
  }

  #rejectExpired(): void {
    const { scheduler, now } = this.#options;
    const at = now();
    for (const task of scheduler.expire(at)) {
      this.#take(task.id)?.reject(errors.deadlineExceeded(at - task.arrivalAt));
    }
  }

  #armExpiryTimer(): void {
    const { scheduler, now } = this.#options;
    clearTimeout(this.#expiryTimer);
    const at = scheduler.nextExpiryAt();
    if (at === Infinity) return;
    this.#expiryTimer = setTimeout(() => this.pump(), Math.max(0, at - now()) + 1);
  }

  #take(taskId: number): PendingWork | undefined {
    const pending = this.#pending.get(taskId);
    this.#pending.delete(taskId);
    return pending;
  }

  /** A task waits until its first window runs. */
  #recordDelays(batch: Batch): void {
    for (const { task } of batch.jobs) {
      const pending = this.#pending.get(task.id);
      if (pending === undefined || pending.startedAt !== undefined) continue;
      pending.startedAt = batch.startedAt;
      this.#options.metrics.queueDelay.observe((batch.startedAt - task.arrivalAt) / 1000);
    }
  }
}
