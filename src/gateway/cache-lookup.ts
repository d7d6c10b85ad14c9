import type { CascadePlan } from './cascade.js';
import type { Dispatcher, Work } from './dispatcher.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { CachedAnswer, ResultCache } from './result-cache.js';
import type { RoutingPlan } from './routing-plan.js';
import type { TextAnswer, TextQuestion } from './text-question.js';

type Variants = RoutingPlan['allowed'];

export interface CacheLookupOptions {
  readonly cache: ResultCache;
  readonly dispatcher: Pick<Dispatcher, 'preview'>;
  readonly metrics: Metrics;
}

/** Which old answers count: those at least as good as what would be found now. */
export class CacheLookup {
  readonly #options: CacheLookupOptions;

  constructor(options: CacheLookupOptions) {
    this.#options = options;
  }

  /** That of the best allowed variant counts always. */
  best(question: TextQuestion): TextAnswer | undefined {
    return this.#find(question, question.plan.allowed.slice(0, 1));
  }

  /** A lesser variant's answer counts only if routing would not find a better one now. */
  asGoodAsRouting(work: Work, question: TextQuestion): TextAnswer | undefined {
    const { request, plan } = question;
    if (request.noCache || plan.allowed.length < 2) return undefined;
    return this.#find(question, this.#downToChoice(work, plan.allowed));
  }

  /** One as good as what a second stage would find now, or the first stage's where a cascade would stop at it. */
  asGoodAsCascade(
    work: Work,
    { pair, rule }: CascadePlan,
    question: TextQuestion,
  ): TextAnswer | undefined {
    if (question.request.noCache) return undefined;
    const second = { ...work, allowed: pair.better.map(({ name }) => name) };
    return (
      this.#find(question, this.#downToChoice(second, pair.better)) ??
      this.#find(
        question,
        [pair.first],
        ({ errorProbability = 1 }) => errorProbability <= rule.maxErrorProbability,
      )
    );
  }

  /** The variants, best first, down to the one that routing would choose. */
  #downToChoice(work: Work, variants: Variants): Variants {
    const chosen = this.#options.dispatcher.preview(work);
    return variants.slice(0, variants.findIndex(({ name }) => name === chosen) + 1);
  }

  #find(
    { request, plan, cacheKey }: TextQuestion,
    variants: Variants,
    isGood: (hit: CachedAnswer) => boolean = () => true,
  ): TextAnswer | undefined {
    if (request.noCache) return undefined;
    for (const { name, card } of variants) {
      const hit = this.#options.cache.get(card.sha256, cacheKey);
      if (hit === undefined || !isGood(hit)) continue;
      this.#options.metrics.cacheLookups.inc({ result: 'hit' });
      const phases = { tokenizeMs: 0, queueMs: 0, inferenceMs: 0 };
      const stages = [{ variant: name, errorProbability: hit.errorProbability ?? null }];
      const cascade = plan.cascade && { outcome: 'cached' as const, stages };
      return { ...hit, variant: name, decision: 'cached', cached: true, phases, cascade };
    }
    return undefined;
  }
}
