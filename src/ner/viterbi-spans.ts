import type { EncodedText } from './encoded-text.js';
import { labelScheme, type Tagging } from './label-scheme.js';
import { softmaxAt } from './softmax.js';
import type { Span } from './span.js';
import { bestPath } from './viterbi.js';

const COMBINING_MARKS = /\p{Mn}+/uy;

/**
 * The best legal path over the first tokens of the pre-tokens; a score is the mean probability of its labels, after the
 * temperature.
 */
export function viterbiSpans(
  encoded: EncodedText,
  logits: Float32Array,
  options: { labels: readonly string[]; temperature: number; tagging?: Tagging | undefined },
): Span[] {
  const { labels, temperature, tagging } = options;
  const scheme = labelScheme(labels, tagging);
  const { count, types, outside, begins } = scheme;
  const firsts = firstTokens(encoded.preTokens);
  const path = bestPath(logits, firsts, scheme);
  const softmax = softmaxAt(temperature);
  const probabilities = new Float64Array(count);
  const spans: Span[] = [];

  for (let word = 0; word < path.length;) {
    const label = path[word]!;
    if (outside[label] === 1) {
      word++;
      continue;
    }
    const first = word;
    let sum = 0;
    do {
      softmax(logits, firsts[word]!, probabilities);
      sum += probabilities[path[word]!]!;
      word++;
    } while (
      word < path.length &&
      begins[path[word]!] === 0 &&
      types[path[word]!] === types[label]
    );

    const next = word < path.length ? firsts[word]! : encoded.ids.length;
    spans.push({
      label: types[label]!,
      start: encoded.starts[firsts[first]!]!,
      end: encoded.ends[next - 1]!,
      score: sum / (word - first),
    });
  }
  return spans
    .map((span, index) => overMarks(encoded.text, span, spans[index + 1]?.start))
    .map((span) => withoutBlanks(encoded.text, span))
    .filter(({ start, end }) => start < end);
}

/** Some tokenizers count the space before a word to its first token. */
function withoutBlanks(text: string, span: Span): Span {
  let { start, end } = span;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (start < end && isBlank(text.charCodeAt(end - 1))) end--;
  return start === span.start && end === span.end ? span : { ...span, start, end };
}

function isBlank(code: number): boolean {
  return (
    code === 32 || (code < 128 ? code >= 9 && code <= 13 : /\s/.test(String.fromCharCode(code)))
  );
}

/** The normalizer strips combining marks, so the last token's range may stop before those of its last letter. */
function overMarks(text: string, span: Span, limit = text.length): Span {
  if (!(text.charCodeAt(span.end) >= 0x300)) return span;
  COMBINING_MARKS.lastIndex = span.end;
  if (!COMBINING_MARKS.test(text)) return span;
  return { ...span, end: Math.min(limit, COMBINING_MARKS.lastIndex) };
}

function firstTokens(preTokens: Int32Array): Int32Array {
  const count = preTokens.length === 0 ? 0 : preTokens[preTokens.length - 1]! + 1;
  const firsts = new Int32Array(count);
  for (let token = preTokens.length - 1; token >= 0; token--) firsts[preTokens[token]!] = token;
  return firsts;
}
