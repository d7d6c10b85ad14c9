import type { CascadeView, Decision, NerRequest, PhaseTimes } from './ner-request.js';
import type { CachedAnswer } from './result-cache.js';
import type { RoutingPlan } from './routing-plan.js';

/** One text of a request, to be answered for itself. */
export interface TextQuestion {
  /** Place of the text in the request. */
  readonly index: number;
  readonly text: string;
  readonly request: NerRequest;
  readonly plan: RoutingPlan;
  readonly cacheKey: string;
}

/** The spans of one text, in UTF-16 offsets, with how they came about. */
export interface TextAnswer extends CachedAnswer {
  readonly variant: string;
  readonly decision: Decision;
  readonly cached: boolean;
  readonly phases: Omit<PhaseTimes, 'totalMs'>;
  readonly cascade: CascadeView | undefined;
}
