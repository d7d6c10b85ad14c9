import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Aggregation, Span } from '../ner/span.js';
import type { Overflow } from './ner-request.js';

/** A decoded text, before filters and offset units: those cost less than a second entry. */
export interface CachedAnswer {
  readonly spans: readonly Span[];
  readonly truncated: boolean;
  /** How likely it is wrong, where a cascade looked at it. */
  readonly errorProbability?: number | undefined;
}

/** Key and bookkeeping of an entry, and a span's object with its label, as measured by heap growth per entry. */
const ENTRY_BYTES = 400;
const SPAN_BYTES = 120;

/** What decides an answer beside the variant. */
export interface CacheQuestion {
  /** One model file may be in two families, with other labels. */
  readonly family: string;
  readonly text: string;
  readonly aggregation: Aggregation;
  readonly overflow: Overflow;
}

/** Answers by variant digest, options and text, bounded in bytes. Keys are digests: no text is kept. */
export class ResultCache {
  readonly #entries: LRUCache<string, CachedAnswer> | undefined;

  /** 0 bytes: nothing is ever kept. */
  constructor(maxBytes: number) {
    if (maxBytes === 0) return;
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (answer) => ENTRY_BYTES + SPAN_BYTES * answer.spans.length,
    });
  }

  /**
   * The part of a key that does not depend on the variant; computed once per text, also where nothing is kept: equal
   * texts in flight are found by it.
   */
  questionKey({ family, text, aggregation, overflow }: CacheQuestion): string {
    return createHash('sha256')
      .update(`${family} ${aggregation} ${overflow} ${text}`)
      .digest('base64');
  }

  get(variantSha256: string, questionKey: string): CachedAnswer | undefined {
    return this.#entries?.get(variantSha256 + questionKey);
  }

  set(variantSha256: string, questionKey: string, answer: CachedAnswer): void {
    this.#entries?.set(variantSha256 + questionKey, answer);
  }
}
