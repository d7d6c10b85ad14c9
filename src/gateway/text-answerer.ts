import { errors } from '../errors.js';
import { decode } from '../ner/decode.js';
import { cutWindows, stitchLogits } from '../ner/windows.js';
import type { SpecialTokens } from '../runtime/batch-input.js';
import { AnswerReserve } from './answer-reserve.js';
import { SharedWork } from './shared-work.js';
import { CacheLookup } from './cache-lookup.js';
import { cascadePair } from './cascade-pair.js';
import { inferenceOf, type Inference } from './inference.js';
import { CRITICALITIES, type Criticality } from '../scheduling/task.js';
import type { Tagging } from '../ner/label-scheme.js';
import type { EncodedText, Window } from '../ner/encoded-text.js';
import type { TextTokenizer } from '../ner/tokenizer.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Cascade, CascadePlan } from './cascade.js';
import type { Dispatcher, Work } from './dispatcher.js';
import type { CascadeOutcome, NerRequest } from './ner-request.js';
import type { ResultCache } from './result-cache.js';
import type { RoutingPlan } from './routing-plan.js';
import type { TextAnswer, TextQuestion } from './text-question.js';

export interface TextAnswererOptions {
  readonly tokenizer: TextTokenizer & SpecialTokens;
  readonly dispatcher: Dispatcher;
  readonly cascade: Cascade;
  readonly cache: ResultCache;
  readonly metrics: Metrics;
  /** What tells its variants from others. */
  readonly family: string;
  readonly labels: readonly string[];
  /** How they are meant. */
  readonly tagging: Tagging | undefined;
  /** Tokens of a window without the special ones, and how many neighbours share. */
  readonly windowTokens: number;
  readonly windowOverlap: number;
  readonly now: () => number;
}

interface Encoding {
  readonly encoded: EncodedText;
  readonly windows: readonly Window[];
  readonly truncated: boolean;
  readonly tokenizeMs: number;
}

/** What happens to one text for a family of variants: cache, tokenizer, scheduler and workers, decoder, cache. */
export class TextAnswerer {
  readonly #options: TextAnswererOptions;
  readonly #shared = new SharedWork<Inference>();
  readonly #reserve = new AnswerReserve();
  readonly #lookup: CacheLookup;

  constructor(options: TextAnswererOptions) {
    this.#options = options;
    this.#lookup = new CacheLookup(options);
  }

  /** Answers the request's text at `index`. Rejects with a GatewayError, or with the signal's reason. */
  async answer(index: number, request: NerRequest, plan: RoutingPlan): Promise<TextAnswer> {
    const { cache, metrics } = this.#options;
    const text = request.texts[index]!;
    const cacheKey = request.noCache
      ? ''
      : cache.questionKey({
          family: this.#options.family,
          text,
          aggregation: request.aggregation,
          overflow: request.overflow,
        });
    const question: TextQuestion = { index, text, request, plan, cacheKey };

    const best = this.#lookup.best(question);
    if (best !== undefined) return best;
    const encoding = await this.#encode(question);
    const work = this.#work(encoding, question);
    const staging = this.#stage(work, question);
    const acceptable =
      typeof staging === 'object'
        ? this.#lookup.asGoodAsCascade(work, staging, question)
        : this.#lookup.asGoodAsRouting(work, question);
    if (acceptable !== undefined) return acceptable;

    if (request.noCache) metrics.cacheLookups.inc({ result: 'bypass' });
    const inference = await this.#infer(work, staging, question);
    return this.#decode(inference, encoding, question);
  }

  /** The two stages of a cascade, or why there is none; undefined where none was asked for. */
  #stage(
    work: Work,
    { plan }: TextQuestion,
  ): CascadePlan | 'one_stage' | 'unavailable' | undefined {
    if (plan.cascade === undefined) return undefined;
    const pair = cascadePair(
      plan.allowed,
      work.windows.map(({ start, end }) => end - start + 2),
    );
    if (pair === undefined) return 'unavailable';
    return this.#options.cascade.fits(work, pair) ? { pair, rule: plan.cascade } : 'one_stage';
  }

  async #encode({ index, text, request }: TextQuestion): Promise<Encoding> {
    const { tokenizer, windowTokens, windowOverlap, now } = this.#options;
    const startedAt = now();
    const encoded = await tokenizer.encode(text);
    request.signal.throwIfAborted();
    const windows = cutWindows(encoded, { maxTokens: windowTokens, overlap: windowOverlap });
    const tooLong = windows.length > 1;
    if (tooLong && request.overflow === 'error') {
      throw errors.validationFailed([
        {
          pointer: request.batched ? `/texts/${index}` : '/text',
          detail: `it has ${encoded.ids.length} tokens, more than the ${windowTokens} that overflow "error" allows`,
        },
      ]);
    }
    const truncated = tooLong && request.overflow === 'truncate';
    return {
      encoded,
      windows: truncated ? windows.slice(0, 1) : windows,
      truncated,
      tokenizeMs: now() - startedAt,
    };
  }

  #work({ encoded, windows }: Encoding, { request, plan }: TextQuestion): Work {
    return {
      encoded,
      windows,
      special: this.#options.tokenizer,
      labelCount: this.#options.labels.length,
      arrivalAt: request.arrivalAt,
      deadlineAt: request.arrivalAt + Math.max(0, request.budgetMs - this.#reserve.ms),
      allowed: plan.allowed.map(({ name }) => name),
      onMiss: request.onMiss,
      criticality: request.criticality,
    };
  }

  async #infer(
    work: Work,
    staging: CascadePlan | CascadeOutcome | undefined,
    { request, cacheKey }: TextQuestion,
  ): Promise<Inference> {
    const { dispatcher, cascade, metrics } = this.#options;
    const run = async (signal: AbortSignal): Promise<Inference> => {
      if (typeof staging === 'object') return cascade.run(work, staging, signal);
      const none = staging && { outcome: staging, stages: [] };
      return inferenceOf(await dispatcher.submit(work, signal), none);
    };
    if (request.noCache) return run(request.signal);
    // Same text, same choice and same budget: the first one's deadline is the earlier, so it is in time for all.
    const rule = typeof staging === 'object' ? staging.rule.maxErrorProbability : staging;
    const asked = [cacheKey, work.allowed, request.budgetMs, request.onMiss, rule].join('|');
    const key = this.#sharedKey(asked, request.criticality);
    metrics.cacheLookups.inc({ result: this.#shared.has(key) ? 'shared' : 'miss' });
    return this.#shared.run(key, request.signal, run);
  }

  /** Less critical callers join more critical work; the reverse would have a caller displaced with a lesser one. */
  #sharedKey(asked: string, criticality: Criticality): string {
    const joinable = CRITICALITIES.slice(CRITICALITIES.indexOf(criticality));
    const keys = joinable.map((each) => `${asked}|${each}`);
    return keys.find((key) => this.#shared.has(key)) ?? keys[0]!;
  }

  #decode(done: Inference, encoding: Encoding, question: TextQuestion): TextAnswer {
    const { labels, tagging, cache, metrics, now } = this.#options;
    const { encoded, windows, truncated, tokenizeMs } = encoding;
    const { request, plan } = question;
    const startedAt = now();
    const logits = stitchLogits([...windows], [...done.logits], labels.length);
    const covered = truncated ? firstTokens(encoded, windows[0]!.end) : encoded;
    const card = plan.allowed.find(({ name }) => name === done.variant)!.card;
    const spans = decode(covered, logits, {
      labels,
      tagging,
      aggregation: request.aggregation,
      temperature: card.calibration?.temperature ?? 1,
    });
    const errorProbability = done.cascade?.stages.at(-1)?.errorProbability ?? undefined;
    if (!request.noCache)
      cache.set(card.sha256, question.cacheKey, { spans, truncated, errorProbability });

    const decodedAt = now();
    this.#reserve.observe(decodedAt - done.settledAt, done.dispatchMs);
    const phases = {
      tokenizeMs,
      queueMs: Math.max(0, done.settledAt - done.runMs - request.arrivalAt - tokenizeMs),
      inferenceMs: done.runMs,
    };
    metrics.observePhases(done.variant, { ...phases, decodeMs: decodedAt - startedAt });
    return {
      spans,
      truncated,
      variant: done.variant,
      decision: plan.forced ?? done.reason,
      cached: false,
      phases,
      cascade: done.cascade,
    };
  }
}

/** The first `count` tokens of an encoded text. */
function firstTokens(encoded: EncodedText, count: number): EncodedText {
  return {
    text: encoded.text,
    ids: encoded.ids.subarray(0, count),
    starts: encoded.starts.subarray(0, count),
    ends: encoded.ends.subarray(0, count),
    preTokens: encoded.preTokens.subarray(0, count),
    caseTypes: encoded.caseTypes.subarray(0, count),
    subwords: encoded.subwords.subarray(0, count),
  };
}
