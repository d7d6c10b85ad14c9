import { decode } from '../ner/decode.js';
import { codePointsToUtf16 } from '../ner/offset-units.js';
import type { SpecialTokens } from '../runtime/batch-input.js';
import { batchInput, splitLogits } from '../runtime/batch-input.js';
import type { BatchInput, BatchOutput } from '../runtime/protocol.js';
import type { Aggregation, Span } from '../ner/span.js';
import type { TextTokenizer } from '../ner/tokenizer.js';
import type { EncodedText, Window } from '../ner/encoded-text.js';
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
 * is in the batch, so that an answer in company may differ. While one runs, the last is decoded and the next encoded.
 * Rejects where a run fails or gives no finite logits.
 */
export async function answerReference(
  card: AnsweringCard,
  reference: Card['reference'],
  options: AnsweringTools & { readonly onAnswer?: () => void },
): Promise<Span[][]> {
  const { run, tokenizer, aggregation = 'viterbi', onAnswer } = options;
  const answers: Span[][] = [];
  let last: { readonly question: Question; readonly logits: Float32Array } | undefined;
  const decodeLast = (): void => {
    if (last === undefined) return;
    answers.push(decodeAnswer(card, last.question, { logits: last.logits, aggregation }));
    onAnswer?.();
  };
  const meanwhile = async (at: number): Promise<Question | undefined> => {
    decodeLast();
    return await asked(card, reference[at]?.text, tokenizer);
  };
  let question = await asked(card, reference[0]?.text, tokenizer);
  for (let at = 1; question !== undefined; at += 1) {
    const [{ logits }, next] = await Promise.all([run(question.input), meanwhile(at)]);
    last = { question, logits };
    question = next;
  }
  decodeLast();
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

interface Question {
  readonly encoded: EncodedText;
  readonly windows: readonly Window[];
  readonly input: BatchInput;
}

/** Undefined where there is no text. */
async function asked(
  { name, inputs }: AnsweringCard,
  text: string | undefined,
  tokenizer: AnsweringTools['tokenizer'],
): Promise<Question | undefined> {
  if (text === undefined) return undefined;
  const encoded = await tokenizer.encode(text);
  const windows = cutWindows(encoded, { maxTokens: inputs.maxLength - 2, overlap: 0 });
  const input = batchInput(
    name,
    windows.map((window) => ({ encoded, window })),
    tokenizer,
  );
  return { encoded, windows, input };
}

function decodeAnswer(
  { labels, tagging }: AnsweringCard,
  { encoded, windows, input }: Question,
  { logits, aggregation }: { logits: Float32Array; aggregation: Aggregation },
): Span[] {
  if (!logits.every(Number.isFinite)) throw new TypeError('its logits are not finite numbers');
  const own = splitLogits(logits, input.lengths, labels.length);
  const stitched = stitchLogits(windows, own, labels.length);
  return decode(encoded, stitched, { labels, tagging, aggregation });
}
