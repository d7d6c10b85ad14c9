import { errors } from '../errors.js';
import { decode } from '../ner/decode.js';
import { cutWindows, stitchLogits } from '../ner/windows.js';
import { AnswerReserve } from './answer-reserve.js';
import { SharedWork } from './shared-work.js';
import type { EncodedText, Window } from '../ner/encoded-text.js';
import type { TextTokenizer } from '../ner/tokenizer.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Dispatcher, Work, WorkDone } from './dispatcher.js';
import type { Decision, NerRequest, PhaseTimes } from './ner-request.js';
import type { CachedAnswer, ResultCache } from './result-cache.js';
import type { RoutingPlan } from './routing-plan.js';

/** The spans of one text, in UTF-16 offsets, with how they came about. */
export interface TextAnswer extends CachedAnswer {
  readonly variant: string;
  readonly decision: Decision;
  readonly cached: boolean;
  readonly phases: Omit<PhaseTimes, 'totalMs'>;
}

export interface TextAnswererOptions {
  readonly tokenizer: TextTokenizer;
  readonly dispatcher: Dispatcher;
  readonly cache: ResultCache;
  readonly metrics: Metrics;
  readonly labels: readonly string[];
  /** Tokens of a window without the special ones, and how many neighbours share. */
  readonly windowTokens: number;
  readonly windowOverlap: number;
  readonly now: () => number;
}

interface Question {
  /** Place of the text in the request. */
  readonly index: number;
  readonly text: string;
  readonly request: NerRequest;
  readonly plan: RoutingPlan;
  readonly cacheKey: string;
}

interface Encoding {
  readonly encoded: EncodedText;
  readonly windows: readonly Window[];
  readonly truncated: boolean;
  readonly tokenizeMs: number;
}

/** What happens to one text: cache, tokenizer, scheduler and workers, decoder, cache. */
export class TextAnswerer {
  readonly #options: TextAnswererOptions;
  readonly #shared = new SharedWork<WorkDone>();
  readonly #reserve = new AnswerReserve();

  constructor(options: TextAnswererOptions) {
    this.#options = options;
  }

  /** Answers the request's text at `index`. Rejects with a GatewayError, or with the signal's reason. */
  async answer(index: number, request: NerRequest, plan: RoutingPlan): Promise<TextAnswer> {
    const { cache, metrics } = this.#options;
    const text = request.texts[index]!;
    const cacheKey = request.noCache
      ? ''
      : cache.questionKey({ text, aggregation: request.aggregation, overflow: request.overflow });
    const question: Question = { index, text, request, plan, cacheKey };

    const best = this.#cached(question, plan.allowed.slice(0, 1));
    if (best !== undefined) return best;
    const encoding = await this.#encode(question);
    const work = this.#work(encoding, question);
    const acceptable = this.#cached(question, this.#asGoodAsRouting(work, question));
    if (acceptable !== undefined) return acceptable;

    if (request.noCache) metrics.cacheLookups.inc({ result: 'bypass' });
    const done = await this.#infer(work, question);
    return this.#decode(done, encoding, question);
  }

  #cached(question: Question, variants: RoutingPlan['allowed']): TextAnswer | undefined {
    if (question.request.noCache) return undefined;
    for (const { name, card } of variants) {
      const hit = this.#options.cache.get(card.sha256, question.cacheKey);
      if (hit === undefined) continue;
      this.#options.metrics.cacheLookups.inc({ result: 'hit' });
      const phases = { tokenizeMs: 0, queueMs: 0, inferenceMs: 0 };
      return { ...hit, variant: name, decision: 'cached', cached: true, phases };
    }
    return undefined;
  }

  /** A lesser variant's old answer counts only if routing would not find a better one now. */
  #asGoodAsRouting(work: Work, { request, plan }: Question): RoutingPlan['allowed'] {
    if (request.noCache || plan.allowed.length < 2) return [];
    const chosen = this.#options.dispatcher.preview(work);
    return plan.allowed.slice(1, plan.allowed.findIndex(({ name }) => name === chosen) + 1);
  }

  async #encode({ index, text, request }: Question): Promise<Encoding> {
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

  #work({ encoded, windows }: Encoding, { request, plan }: Question): Work {
    return {
      encoded,
      windows,
      arrivalAt: request.arrivalAt,
      deadlineAt: request.arrivalAt + Math.max(0, request.budgetMs - this.#reserve.ms),
      allowed: plan.allowed.map(({ name }) => name),
      onMiss: request.onMiss,
    };
  }

  async #infer(work: Work, { request, cacheKey }: Question): Promise<WorkDone> {
    const { dispatcher, metrics } = this.#options;
    if (request.noCache) return dispatcher.submit(work, request.signal);
    // Same text, same choice and same budget: the first one's deadline is the earlier, so it is in time for all.
    const key = [cacheKey, work.allowed, request.budgetMs, request.onMiss].join('|');
    metrics.cacheLookups.inc({ result: this.#shared.has(key) ? 'shared' : 'miss' });
    return this.#shared.run(key, request.signal, (signal) => dispatcher.submit(work, signal));
  }

  #decode(done: WorkDone, encoding: Encoding, question: Question): TextAnswer {
    const { labels, cache, metrics, now } = this.#options;
    const { encoded, windows, truncated, tokenizeMs } = encoding;
    const { request, plan } = question;
    const startedAt = now();
    const logits = stitchLogits([...windows], [...done.logits], labels.length);
    const covered = truncated ? firstTokens(encoded, windows[0]!.end) : encoded;
    const card = plan.allowed.find(({ name }) => name === done.variant)!.card;
    const spans = decode(covered, logits, {
      labels,
      aggregation: request.aggregation,
      temperature: card.calibration?.temperature ?? 1,
    });
    if (!request.noCache) cache.set(card.sha256, question.cacheKey, { spans, truncated });

    const decodedAt = now();
    this.#reserve.observe(decodedAt - done.finishedAt);
    const phases = {
      tokenizeMs,
      queueMs: Math.max(0, done.startedAt - request.arrivalAt - tokenizeMs),
      inferenceMs: done.finishedAt - done.startedAt,
    };
    metrics.observePhases(done.variant, { ...phases, decodeMs: decodedAt - startedAt });
    return {
      spans,
      truncated,
      variant: done.variant,
      decision: plan.forced ?? done.reason,
      cached: false,
      phases,
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
