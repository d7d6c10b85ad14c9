import { labelParts } from '../ner/label-scheme.js';
import type { Tagging } from '../ner/label-scheme.js';
import type { Span } from '../ner/span.js';

/** One answer of another kind is no habit. */
const LEAST_BEGINNINGS = 10;

/**
 * Whether a model begins its spans with I- (IOB1, as the files of CoNLL-2003 do) or with B-, by what it answers when it
 * is free to: the names of the labels are the same. `answers`: the label of every token that has one, per text.
 */
export function taggingOf(
  labels: readonly string[],
  answers: readonly { readonly text: string; readonly tokens: readonly Span[] }[],
): Tagging {
  const parts = labelParts(labels);
  if (parts.some(({ role }) => role === 'end')) return 'iob2';
  const tags = new Map(parts.map((tag, index) => [labels[index], tag]));
  let withInside = 0;
  let withBegin = 0;
  for (const { text, tokens } of answers) {
    tokens.forEach(({ label, start }, index) => {
      const tag = tags.get(label);
      const before = tokens[index - 1];
      const follows =
        before !== undefined &&
        text.slice(before.end, start).trim() === '' &&
        tags.get(before.label)?.type === tag?.type;
      if (tag?.role === 'begin') withBegin += 1;
      if (tag?.role === 'inside' && !follows) withInside += 1;
    });
  }
  return withInside >= LEAST_BEGINNINGS && withInside > withBegin ? 'iob1' : 'iob2';
}
