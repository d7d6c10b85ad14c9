import { runTimeMs } from './latency-profile.js';
import type { ModelledVariant } from './latency-model.js';
import type { Job, RouteReason, Task } from './task.js';

/** Late work may take ten budgets after its arrival, but no more than this. */
const MAX_LATE_MS = 30_000;

/** A task between its admission and its end: which windows wait, which run, and on what variant. */
export class LiveTask {
  readonly id: number;
  readonly task: Task;
  /** Who is below gives way under overload; 0 gives way to everybody else. */
  readonly rank: number;
  /** When the answer must leave the worker: the deadline less the time to decode and send it. */
  readonly dueAt: number;
  /** When late work is given up; never before the deadline. */
  readonly expiresAt: number;
  /** The known variants that may answer, best first. */
  variants: readonly ModelledVariant[] = [];
  /** The one to plan with: the bound one, else the fastest allowed. */
  planned!: ModelledVariant;
  /** What the waiting windows cost on `planned`, and the costliest of them; ms without slowdown. */
  workMs = 0;
  longestMs = 0;
  pendingTokens = 0;
  inFlight = 0;
  bound: ModelledVariant | null = null;
  reason: RouteReason = 'best_fit';
  /** A worker died under it once: it runs alone, so that it takes no other down, and is lost the next time. */
  suspect = false;
  late = false;
  // Longest first, which also is the better order for many workers.
  readonly #pending: number[];

  constructor(
    task: Task,
    variants: readonly ModelledVariant[],
    { reserveMs, rank }: { readonly reserveMs: number; readonly rank: number },
  ) {
    this.id = task.id;
    this.task = task;
    this.rank = rank;
    this.dueAt = task.deadlineAt - reserveMs;
    const budgetMs = task.deadlineAt - task.arrivalAt;
    this.expiresAt = Math.max(
      task.deadlineAt,
      task.arrivalAt + Math.min(10 * budgetMs, MAX_LATE_MS),
    );
    this.#pending = task.windowTokens.map((_, window) => window).sort(this.#longerFirst);
    this.allow(variants);
  }

  get pendingJobs(): number {
    return this.#pending.length;
  }

  get best(): ModelledVariant {
    return this.variants[0]!;
  }

  /** Tokens of the longest waiting window. */
  get nextTokens(): number {
    return this.task.windowTokens[this.#pending[0]!]!;
  }

  /** Plans anew with these variants; a bound task keeps its variant. */
  allow(variants: readonly ModelledVariant[]): void {
    this.variants = variants;
    if (this.bound !== null) {
      this.bound = variants.find(({ name }) => name === this.bound?.name) ?? this.bound;
      this.planned = this.bound;
    } else {
      this.planned = variants.reduce((fastest, variant) =>
        this.unitMs(variant) < this.unitMs(fastest) ? variant : fastest,
      );
    }
    this.#weigh();
  }

  /** What the waiting windows cost one by one on this variant; ms without slowdown. */
  unitMs(variant: ModelledVariant): number {
    let sum = 0;
    for (const window of this.#pending) {
      sum += runTimeMs(variant.profile, 1, this.task.windowTokens[window]!);
    }
    return sum;
  }

  /** Tokens of each waiting window, longest first. */
  *waitingTokens(): Generator<number> {
    for (const window of this.#pending) yield this.task.windowTokens[window]!;
  }

  bind(variant: ModelledVariant, reason: RouteReason): void {
    if (this.bound !== null) return;
    this.bound = variant;
    this.planned = variant;
    this.reason = reason;
  }

  /** Takes the longest waiting window out, to run on the bound variant. */
  take(): Job {
    const window = this.#pending.shift();
    if (window === undefined) {
      throw new Error(`task ${this.id} has no waiting window; this is a bug`);
    }
    this.inFlight += 1;
    this.#weigh();
    return { task: this.task, window, tokens: this.task.windowTokens[window]! };
  }

  /** Puts a window back whose worker died. */
  restore(job: Job): void {
    this.inFlight -= 1;
    this.suspect = true;
    this.#pending.push(job.window);
    this.#pending.sort(this.#longerFirst);
    this.#weigh();
  }

  #weigh(): void {
    this.workMs = this.unitMs(this.planned);
    this.longestMs =
      this.#pending.length === 0 ? 0 : runTimeMs(this.planned.profile, 1, this.nextTokens);
    this.pendingTokens = 0;
    for (const window of this.#pending) this.pendingTokens += this.task.windowTokens[window]!;
  }

  readonly #longerFirst = (one: number, other: number): number =>
    this.task.windowTokens[other]! - this.task.windowTokens[one]! || one - other;
}
