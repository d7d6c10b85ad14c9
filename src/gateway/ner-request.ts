import type { GatewayError } from '../errors.js';
import type { Aggregation, OffsetUnit, Span } from '../ner/span.js';
import type { OnMiss, RouteReason } from '../scheduling/task.js';

export const OVERFLOWS = ['chunk', 'truncate', 'error'] as const;
export type Overflow = (typeof OVERFLOWS)[number];

/** A validated request, whatever protocol it came by. */
export interface NerRequest {
  readonly requestId: string;
  readonly texts: readonly string[];
  /** It came as `texts`: errors of a text point to its place there. */
  readonly batched: boolean;
  /** Instant of arrival on the gateway's monotonic clock, ms. */
  readonly arrivalAt: number;
  readonly budgetMs: number;
  /** The tier that named the budget, or `custom`; a metric label only. */
  readonly tier: string;
  readonly onMiss: OnMiss;
  readonly minF1: number | undefined;
  readonly variant: string | undefined;
  readonly experimentKey: string | undefined;
  readonly labels: readonly string[] | undefined;
  readonly threshold: number;
  readonly aggregation: Aggregation;
  readonly offsetUnit: OffsetUnit;
  readonly overflow: Overflow;
  /** Go past the result cache and past sharing of equal requests in flight. */
  readonly noCache: boolean;
  /** Aborted when the caller is gone: queued work is dropped. */
  readonly signal: AbortSignal;
}

export type Decision = RouteReason | 'pinned' | 'experiment' | 'cached';

/** `start` and `end` are in the request's offset unit; `text` is what they cut out. */
export interface NerEntity extends Span {
  readonly text: string;
}

export interface PhaseTimes {
  readonly tokenizeMs: number;
  readonly queueMs: number;
  readonly inferenceMs: number;
  readonly totalMs: number;
}

/** The answer to one text. */
export interface NerResult {
  readonly entities: readonly NerEntity[];
  readonly variant: string;
  readonly decision: Decision;
  readonly experiment: { readonly name: string; readonly arm: string } | null;
  readonly budgetMet: boolean;
  readonly truncated: boolean;
  readonly cached: boolean;
  readonly timing: PhaseTimes;
}

/** One per text, in the order of the texts. */
export type NerOutcome = NerResult | GatewayError;
