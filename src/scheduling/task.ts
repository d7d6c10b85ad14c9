/** What the scheduler schedules. All instants are ms on one monotonic clock, passed in by the caller. */

/** Run time of one batch: `a + b*tokens + c*tokens*length` ms, where tokens = jobs * length (padding counts). */
export interface LatencyProfile {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** A variant as the scheduler knows it. `quality` is entity F1 on validation, in [0, 1]. */
export interface SchedulableVariant {
  readonly name: string;
  readonly quality: number;
  readonly profile: LatencyProfile;
}

export type OnMiss = 'degrade' | 'reject';

/** Least critical first: under overload work is shed in this order. */
export const CRITICALITIES = ['sheddable', 'default', 'critical'] as const;
export type Criticality = (typeof CRITICALITIES)[number];

export type RouteReason = 'best_fit' | 'degraded' | 'fastest_available';

/** One text. Its windows are the jobs; one variant answers all of them. */
export interface Task {
  readonly id: number;
  readonly arrivalAt: number;
  readonly deadlineAt: number;
  /** Names of the variants that may answer; never empty. One name: pinned. */
  readonly allowed: readonly string[];
  readonly onMiss: OnMiss;
  readonly criticality: Criticality;
  /** Tokens of each window, special tokens included; never empty. */
  readonly windowTokens: readonly number[];
  /** Quality of an answer that the owner holds already: it runs only where time buys more. Needs `reject`. */
  readonly heldQuality?: number | undefined;
}

export interface Job {
  readonly task: Task;
  readonly window: number;
  readonly tokens: number;
}

/** Jobs that run together on one worker, padded to `length` tokens each. */
export interface Batch {
  readonly id: number;
  readonly variant: string;
  readonly jobs: readonly Job[];
  readonly length: number;
  readonly predictedMs: number;
  readonly startedAt: number;
}

/** What became of a submitted task. A refused one was never queued. */
export type Admission = Accepted | Refusal;

export interface Accepted {
  readonly admitted: true;
  readonly late: boolean;
  /** Who gave way to it, each once. */
  readonly displaced: readonly Displaced[];
}

export interface Refusal {
  readonly admitted: false;
  readonly why: 'budget_unreachable' | 'overloaded';
  readonly predictedMs: number;
  readonly retryAfterMs: number;
}

/** A waiting task that gave way to a more critical one: it waits on as late work, or has ended. */
export type Displaced =
  | { readonly task: Task; readonly late: true }
  | { readonly task: Task; readonly late: false; readonly retryAfterMs: number };

export interface RouteDecision {
  readonly variant: string;
  readonly reason: RouteReason;
}

/** A task whose last window is done. */
export interface FinishedTask extends RouteDecision {
  readonly task: Task;
}
