import type { GatewayError } from '../errors.js';
import type { Aggregation, OffsetUnit, Span } from '../ner/span.js';
import type { Criticality, OnMiss, RouteReason } from '../scheduling/task.js';

export { CRITICALITIES } from '../scheduling/task.js';
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
  /** Policy `cascade`; undefined: policy `best`. */
  readonly cascade: CascadeRule | undefined;
  readonly criticality: Criticality;
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

export type Decision = RouteReason | 'confident' | 'pinned' | 'experiment' | 'cached';

/** When a cascade goes on to a better variant: where its first answer is wrong with a higher probability than this. */
export interface CascadeRule {
  readonly maxErrorProbability: number;
}

/**
 * What became of a cascade. `sufficed`: the first answer is probably right. `improved`: a better variant answered.
 * `no_slack`: none fitted what was left of the budget, or none was worth its time under load. `cut_off`: one was asked,
 * but was late or failed. `one_stage`: routed as without a cascade, because the budget is too tight for two.
 * `unavailable`: so too, because the allowed variants make no cascade. `cached`: nothing ran.
 */
export const CASCADE_OUTCOMES = [
  'sufficed',
  'improved',
  'no_slack',
  'cut_off',
  'one_stage',
  'unavailable',
  'cached',
] as const;
export type CascadeOutcome = (typeof CASCADE_OUTCOMES)[number];

export interface CascadeView {
  readonly outcome: CascadeOutcome;
  /** Those whose answer came, in their order. The probability is null where the card does not tell. */
  readonly stages: readonly {
    readonly variant: string;
    readonly errorProbability: number | null;
  }[];
}

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
  /** Only with policy `cascade`, and unless a pin or an experiment chose the variant. */
  readonly cascade?: CascadeView | undefined;
}

/** One per text, in the order of the texts. */
export type NerOutcome = NerResult | GatewayError;
