import { BatchFormer, type BatchPlan } from './batch-former.js';
import type { Outlook } from './feasibility.js';
import type { LiveTask } from './live-task.js';
import { reasonFor, route, type Route, type RoutingTerms } from './router.js';
import type { TaskBoard } from './task-board.js';
import type { Batch, Job } from './task.js';

export interface ChoiceTerms extends RoutingTerms {
  readonly maxBatchTokens: number;
}

/** What a free worker runs next: the one decision in which scheduling policies differ. */
export interface ChoosesBatches {
  next(outlook: Outlook, terms: ChoiceTerms): Batch | null;
}

/** Binds variants and draws batches from the board when a worker is free. */
export class BatchChooser implements ChoosesBatches {
  readonly #board: TaskBoard;
  #nextBatchId = 1;

  constructor(board: TaskBoard) {
    this.#board = board;
  }

  /** The earliest deadline first; late work only when nothing else waits. */
  next(outlook: Outlook, terms: ChoiceTerms): Batch | null {
    const { backlog } = this.#board;
    for (let head = backlog.head(); head !== undefined; head = backlog.head()) {
      const chosen = route(head, outlook, terms);
      if (chosen.pays) return this.#nextInTime(head, chosen, { outlook, terms });
      this.#board.end(head);
    }
    return this.#nextLate(outlook, terms);
  }

  #nextInTime(
    head: LiveTask,
    chosen: Route,
    { outlook, terms }: { outlook: Outlook; terms: ChoiceTerms },
  ): Batch {
    const { backlog } = this.#board;
    backlog.update(head, () => head.bind(chosen.variant, chosen.reason));
    const former = new BatchFormer(head, outlook, {
      variant: chosen.variant,
      maxBatchTokens: terms.maxBatchTokens,
      allowance: chosen.allowance,
      routing: terms,
      waitingJobs: backlog.jobs,
    });
    return this.launch(
      former.fill((visit) => backlog.some(visit)),
      outlook,
    );
  }

  #nextLate(outlook: Outlook, terms: ChoiceTerms): Batch | null {
    const { late } = this.#board;
    const { slowdown } = outlook.model;
    const maxRunMs = harmlessRunMs(terms);
    const chosen = late.find((live) => live.longestMs * slowdown <= maxRunMs);
    if (chosen === undefined) return null;
    late.update(chosen, () => chosen.bind(chosen.planned, 'fastest_available'));
    const former = new BatchFormer(chosen, outlook, {
      variant: chosen.planned,
      maxBatchTokens: terms.maxBatchTokens,
      // Nothing is worth making others wait for late work, so it takes no risk.
      routing: { ...terms, price: 0 },
      waitingJobs: late.jobs,
      allowance: null,
    });
    return this.launch(
      former.fill((visit) => late.some(visit)),
      outlook,
    );
  }

  /** Takes the plan's windows out of their queues, on the variant that the first member is planned with. */
  launch(plan: BatchPlan, { now, model }: Outlook): Batch {
    const variant = plan.members[0]!.planned;
    const jobs = plan.members.map((live): Job => {
      let job: Job | undefined;
      const queue = live.late ? this.#board.late : this.#board.backlog;
      queue.update(live, () => {
        live.bind(variant, live.late ? 'fastest_available' : reasonFor(live, variant));
        job = live.take();
      });
      return job!;
    });
    return {
      id: this.#nextBatchId++,
      variant: variant.name,
      jobs,
      length: plan.length,
      predictedMs: model.predictMs(variant, jobs.length, plan.length),
      startedAt: now,
    };
  }
}

/** A run up to this makes no newcomer miss; what may as well wait, or need not be so long, keeps to it. */
function harmlessRunMs({ patience, others }: RoutingTerms): number {
  return others.busyMs <= patience.leastMs ? Infinity : patience.leastMs;
}
