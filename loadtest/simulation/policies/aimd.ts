import { BatchChooser, type ChoosesBatches } from '../../../src/scheduling/batch-chooser.js';
import { runTimeMs } from '../../../src/scheduling/latency-profile.js';
import type { LiveTask } from '../../../src/scheduling/live-task.js';
import type { SchedulerOptions } from '../../../src/scheduling/scheduler.js';
import type { TaskBoard } from '../../../src/scheduling/task-board.js';
import type { Batch, FinishedTask } from '../../../src/scheduling/task.js';
import { OneVariantScheduler } from './fixed.js';
import type { Policy } from './policy.js';

/** As in Clipper: one more after a full batch in time, a tenth less after one that was late. */
const INCREASE = 1;
const DECREASE = 0.9;

/**
 * After Clipper (Crankshaw et al., NSDI 2017): one variant, and batches of whatever comes next in the queue, as large as
 * additive increase and multiplicative decrease have found to be in time.
 */
export function aimd(variant: string): Policy {
  return {
    name: `aimd ${variant}`,
    create: (options) => new AimdScheduler(options, variant),
  };
}

class AimdScheduler extends OneVariantScheduler {
  readonly #limit: BatchLimit;

  constructor(options: SchedulerOptions, variant: string) {
    const limit = new BatchLimit();
    super({ ...options, chooserOf: (board) => new AimdChooser(board, limit) }, variant);
    this.#limit = limit;
  }

  override complete(batch: Batch, measuredMs: number, now: number): FinishedTask[] {
    this.#limit.observe(batch, now);
    return super.complete(batch, measuredMs, now);
  }
}

class BatchLimit {
  #jobs = 1;

  get jobs(): number {
    return Math.floor(this.#jobs);
  }

  observe({ jobs }: Batch, endedAt: number): void {
    const late = jobs.some(({ task }) => endedAt > task.deadlineAt);
    if (late) this.#jobs = Math.max(1, this.#jobs * DECREASE);
    else if (jobs.length >= this.jobs) this.#jobs += INCREASE;
  }
}

class AimdChooser implements ChoosesBatches {
  readonly #board: TaskBoard;
  readonly #limit: BatchLimit;
  /** Launches the batches, and serves late work as it does in the gateway. */
  readonly #ours: BatchChooser;

  constructor(board: TaskBoard, limit: BatchLimit) {
    this.#board = board;
    this.#limit = limit;
    this.#ours = new BatchChooser(board);
  }

  next(...[outlook, terms]: Parameters<ChoosesBatches['next']>): Batch | null {
    const { backlog } = this.#board;
    if (backlog.size === 0) return this.#ours.next(outlook, terms);
    const members: LiveTask[] = [];
    let length = 0;
    backlog.some((live) => {
      const grown = Math.max(length, live.nextTokens);
      if (members.length > 0 && (members.length + 1) * grown > terms.maxBatchTokens) return true;
      members.push(live);
      length = grown;
      return members.length >= this.#limit.jobs;
    });
    const runMs = runTimeMs(members[0]!.planned.profile, members.length, length);
    return this.#ours.launch({ members, length, runMs }, outlook);
  }
}
