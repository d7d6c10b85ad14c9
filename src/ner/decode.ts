import { aggregate } from './aggregate.js';
import type { EncodedText } from './encoded-text.js';
import type { Tagging } from './label-scheme.js';
import type { Aggregation, Span } from './span.js';
import { viterbiSpans } from './viterbi-spans.js';

export interface DecodeOptions {
  /** The variant's labels in the order of its logits; pass the same array each time. */
  readonly labels: readonly string[];
  readonly aggregation: Aggregation;
  /** Of the variant's scores, for `viterbi` only; absent: 1. */
  readonly temperature?: number;
  /** For `viterbi` only; absent: iob2. */
  readonly tagging?: Tagging | undefined;
}

/** Spans in the order of the text, from logits with one row a token. */
export function decode(
  encoded: EncodedText,
  logits: Float32Array,
  { labels, aggregation, temperature = 1, tagging }: DecodeOptions,
): Span[] {
  if (logits.length !== encoded.ids.length * labels.length) {
    throw new Error(
      `${logits.length} logits for ${encoded.ids.length} tokens, ${labels.length} labels; this is a bug`,
    );
  }
  if (aggregation === 'viterbi')
    return viterbiSpans(encoded, logits, { labels, temperature, tagging });
  // No temperature here: it would change what `average` and `max` choose, and so what these names mean in transformers.
  return aggregate(encoded, logits, { labels, aggregation });
}
