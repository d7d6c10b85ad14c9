import type { Allowance, Outlook } from './feasibility.js';
import { runTimeMs } from './latency-profile.js';
import { cheapestBand, type LengthBand } from './length-band.js';
import type { ModelledVariant } from './latency-model.js';
import type { LiveTask } from './live-task.js';
import { blockingRisk, type RoutingTerms } from './router.js';

/** Candidates looked at for one batch: bounds its cost, and jobs further back are not urgent anyway. */
const MAX_LOOKED_AT = 64;

export interface BatchTerms {
  readonly variant: ModelledVariant;
  readonly maxBatchTokens: number;
  /** What time is worth, and what a longer run costs newcomers. */
  readonly routing: RoutingTerms;
  /** Windows that wait in the queue the batch is drawn from. */
  readonly waitingJobs: number;
  /** Null for late work: it has no deadline to keep, and joins only what would take the same variant anyway. */
  readonly allowance: Allowance | null;
}

/** One entry per window to run; a task with several windows may be in it several times. */
export interface BatchPlan {
  readonly members: readonly LiveTask[];
  readonly length: number;
  readonly runMs: number;
}

/** Fills a batch behind `seed` from tasks in queue order while it pays and everyone's deadline holds. */
export class BatchFormer {
  readonly #outlook: Outlook;
  readonly #terms: BatchTerms;
  readonly #members: LiveTask[];
  readonly #maxJobs: number;
  #length: number;
  #runMs: number;
  /** Until the tightest member's deadline. */
  #slackMs: number;
  /** How long the tasks passed over so far allow the run to be. */
  #passedOverMs = Infinity;
  /** What the joined tasks would have taken from those behind them, had they stayed in the queue. */
  #creditMs = 0;

  constructor(seed: LiveTask, outlook: Outlook, terms: BatchTerms) {
    this.#outlook = outlook;
    this.#terms = terms;
    this.#members = [seed];
    // Idle workers get their share of what waits: side by side beats one behind the other in a batch.
    const { workers, remaining } = outlook.workers;
    this.#maxJobs = Math.ceil(terms.waitingJobs / Math.max(1, workers - remaining.length));
    this.#length = seed.nextTokens;
    this.#runMs = this.#predict(1, this.#length);
    this.#slackMs = this.#slackOf(seed);
  }

  /** `candidates` visits the queue in its order, the seed included, as `DeadlineQueue.some` does. */
  fill(candidates: (visit: (live: LiveTask) => boolean) => unknown): BatchPlan {
    const seed = this.#members[0]!;
    const { allowance } = this.#terms;
    let position = 0;
    if (this.#maxJobs > 1 && !seed.suspect) {
      const band = this.#bandAmong(candidates);
      candidates((live) => {
        let window = 0;
        for (const tokens of live.waitingTokens()) {
          // The seed's longest window is in the batch already.
          const isSeeds = live === seed && window === 0;
          window += 1;
          const isLike = tokens >= band.shortest && tokens <= band.longest;
          if (!isSeeds && !(isLike && this.#join(live, tokens, position))) break;
        }
        if (live === seed) return false;
        if (allowance !== null && this.#members.at(-1) !== live) {
          const spareMs = allowance.spareAt(position) + this.#creditMs;
          this.#passedOverMs = Math.min(this.#passedOverMs, spareMs);
        }
        position += 1;
        return position >= MAX_LOOKED_AT || this.#members.length >= this.#maxJobs;
      });
    }
    return { members: this.#members, length: this.#length, runMs: this.#runMs };
  }

  /** Which lengths go best with the seed's, of those that wait and may run on its variant. */
  #bandAmong(candidates: (visit: (live: LiveTask) => boolean) => unknown): LengthBand {
    const lengths: number[] = [];
    let lookedAt = 0;
    candidates((live) => {
      lookedAt += 1;
      if (!this.#mayRunOn(live, this.#terms.variant)) return lookedAt > MAX_LOOKED_AT;
      let isFirst = true;
      for (const tokens of live.waitingTokens()) {
        if (live !== this.#members[0] || !isFirst) lengths.push(tokens);
        isFirst = false;
      }
      return lookedAt > MAX_LOOKED_AT || lengths.length > MAX_LOOKED_AT;
    });
    return cheapestBand(this.#length, lengths, {
      maxJobs: this.#maxJobs,
      maxTokens: this.#terms.maxBatchTokens,
      runMs: (jobs, length) => this.#predict(jobs, length),
    });
  }

  #join(live: LiveTask, tokens: number, position: number): boolean {
    const { variant, maxBatchTokens, routing } = this.#terms;
    const jobs = this.#members.length;
    if (jobs >= this.#maxJobs || !this.#mayRunOn(live, variant)) return false;
    const length = Math.max(this.#length, tokens);
    if ((jobs + 1) * length > maxBatchTokens) return false;

    const runMs = this.#predict(jobs + 1, length);
    const addedMs = runMs - this.#runMs;
    const savedMs = this.#predict(1, tokens) - addedMs;
    // The members wait `addedMs` longer, this job and all who queue behind are done `savedMs` earlier.
    const behind = Math.max(0, this.#terms.waitingJobs - jobs - 1);
    const gainers = 1 + behind / Math.max(1, this.#outlook.workers.workers);
    if (savedMs <= 0 || jobs * addedMs > savedMs * gainers) return false;

    const slackMs = Math.min(this.#slackMs, this.#slackOf(live));
    const p95Ms = runMs * this.#outlook.model.p95Factor(variant);
    if (p95Ms > slackMs) return false;
    const addedRisk = blockingRisk(runMs, routing) - blockingRisk(this.#runMs, routing);
    if (addedRisk > routing.price * savedMs) return false;
    if (runMs > this.#allowedMs(live, addedMs, position)) return false;
    if (!this.#isWorthIt(live, addedMs)) return false;

    this.#members.push(live);
    this.#length = length;
    this.#runMs = runMs;
    this.#slackMs = slackMs;
    this.#creditMs += this.#creditOf(live);
    return true;
  }

  /** How long the run may be with this task in it, for those passed over and for those behind. */
  #allowedMs(live: LiveTask, addedMs: number, position: number): number {
    const { allowance } = this.#terms;
    if (allowance === null) return Infinity;
    const creditMs = this.#creditOf(live);
    // It leaves the queue, and so takes no more from those behind than it would have taken there.
    if (addedMs <= creditMs) return this.#passedOverMs;
    const behindMs = allowance.leastFrom(position + 1) + this.#creditMs + creditMs;
    return Math.min(this.#passedOverMs, behindMs);
  }

  #creditOf(live: LiveTask): number {
    if (live === this.#members[0]) return 0;
    return (live.pendingJobs === 1 ? live.workMs : 0) * this.#outlook.model.slowdown;
  }

  #mayRunOn(live: LiveTask, variant: ModelledVariant): boolean {
    if (live.suspect) return false;
    if (live.bound !== null) return live.bound === variant;
    if (this.#terms.allowance === null) return live.planned === variant;
    // A text of several windows is routed as a whole when it comes to the head; only the seed's own may join.
    return (live.pendingJobs === 1 || live === this.#members[0]) && live.variants.includes(variant);
  }

  /** Whether the job could do no better on its own: a better variant at this price, that its deadline still allows. */
  #isWorthIt(live: LiveTask, addedMs: number): boolean {
    const { variant, allowance, routing } = this.#terms;
    if (allowance === null || live.bound !== null || live === this.#members[0]) return true;
    const { model } = this.#outlook;
    const value = variant.quality - routing.price * addedMs;
    if (value <= (live.task.heldQuality ?? -Infinity)) return false;
    const slackMs = this.#slackOf(live);
    return live.variants.every((other) => {
      if (other.quality <= variant.quality) return true;
      const aloneMs = model.predictMs(other, 1, live.nextTokens);
      return (
        other.quality - routing.price * aloneMs <= value ||
        aloneMs * model.p95Factor(other) > slackMs
      );
    });
  }

  #slackOf(live: LiveTask): number {
    return this.#terms.allowance === null ? Infinity : live.dueAt - this.#outlook.now;
  }

  #predict(jobs: number, length: number): number {
    return runTimeMs(this.#terms.variant.profile, jobs, length) * this.#outlook.model.slowdown;
  }
}
