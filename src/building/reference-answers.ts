import { decode } from '../ner/decode.js';
import { codePointsToUtf16 } from '../ner/offset-units.js';
import type { SpecialTokens } from '../runtime/batch-input.js';
import { batchInput, splitLogits } from '../runtime/batch-input.js';
import type { BatchInput, BatchOutput } from '../runtime/protocol.js';
import type { Aggregation, Span } from '../ner/span.js';
import type { TextTokenizer } from '../ner/tokenizer.js';
import { cutWindows, stitchLogits } from '../ner/windows.js';
import type { Card } from '../registry/card.js';

/** Runs a batch on a worker that nobody else uses meanwhile. */
export type RunBatch = (input: BatchInput) => Promise<BatchOutput>;

export interface MeasuringTools {
  readonly run: RunBatch;
  readonly tokenizer: TextTokenizer & SpecialTokens;
  readonly now: () => number;
}

/** `viterbi` unless it says otherwise. */
type AnsweringTools = Omit<MeasuringTools, 'now'> & { readonly aggregation?: Aggregation };

/** Of a card, what answering needs. */
export type AnsweringCard = Pick<Card, 'name' | 'labels' | 'inputs' | 'tagging'>;

/**
 * What a variant answers to the sentences of a card, UTF-16 offsets. One sentence a run: dynamic int8 rounds by what
 * is in the batch, so that an answer in company may differ. Rejects where a run fails or gives no finite logits.
 */
export async function answerReference(
  card: AnsweringCard,
  reference: Card['reference'],
  options: AnsweringTools & { readonly onAnswer?: () => void },
): Promise<Span[][]> {
  const answers: Span[][] = [];
  for (const { text } of reference) {
    answers.push(await answer(card, text, options));
    options.onAnswer?.();
  }
  return answers;
}

/** Entity F1 of answers, UTF-16 offsets, against those on a card; 1 where neither has any. */
export function agreementWith(reference: Card['reference'], answers: readonly Span[][]): number {
  let common = 0;
  let total = 0;
  reference.forEach(({ text, entities }, index) => {
    const spans = answers[index]!;
    const expected = new Set(
      codePointsToUtf16(text, entities).map(({ start, end }, at) =>
        [entities[at]!.label, start, end].join(' '),
      ),
    );
    common += spans.filter(({ label, start, end }) =>
      expected.has([label, start, end].join(' ')),
    ).length;
    total += spans.length + expected.size;
  });
  return total === 0 ? 1 : (2 * common) / total;
}

async function answer(
  card: AnsweringCard,
  text: string,
  { run, tokenizer, aggregation = 'viterbi' }: AnsweringTools,
): Promise<Span[]> {
  const encoded = await tokenizer.encode(text);
  const windows = cutWindows(encoded, { maxTokens: card.inputs.maxLength - 2, overlap: 0 });
  const input = batchInput(
    card.name,
    windows.map((window) => ({ encoded, window })),
    tokenizer,
  );
  const output = await run(input);
  if (!output.logits.every(Number.isFinite))
    throw new TypeError('its logits are not finite numbers');
  const logits = splitLogits(output.logits, input.lengths, card.labels.length);
  const stitched = stitchLogits(windows, logits, card.labels.length);
  const { labels, tagging } = card;
  return decode(encoded, stitched, { labels, tagging, aggregation });
}
