import type { Aggregation, Span } from '../ner/span.js';
import type { TextTokenizer } from '../ner/tokenizer.js';
import { toUnit } from '../ner/offset-units.js';
import type { Card } from '../registry/card.js';
import type { BatchInput } from '../runtime/protocol.js';
import { answerReference, type AnsweringCard } from './reference-answers.js';
import { taggingOf } from './tagging-of.js';
import type { GateWorker } from './gate-worker.js';

export interface TrialOptions {
  readonly worker: GateWorker;
  readonly tokenizer: TextTokenizer;
  /** Without a tagging it is found out. */
  readonly card: AnsweringCard;
  readonly sentences: readonly string[];
}

/**
 * Runs a model that is loaded: the largest ids, windows of different lengths in one batch, the longest window, then
 * the sentences. Rejects with GateError, or TypeError where what it gives are no finite numbers.
 */
export async function trialRun(
  options: TrialOptions,
): Promise<Pick<Card, 'tagging' | 'reference'>> {
  const { worker, tokenizer, card, sentences } = options;
  const { clsId, sepId, padId, largestId } = tokenizer;
  const longest = card.inputs.maxLength;
  await runIds(worker, card.name, [
    [clsId, largestId, sepId],
    [clsId, padId, sepId, largestId, sepId],
  ]);
  await runIds(worker, card.name, [
    Array.from({ length: longest }, (_, at) => (at === 0 ? clsId : sepId)),
  ]);

  const reference = sentences.map((text) => ({ text, entities: [] }));
  const answer = (aggregation: Aggregation, tagging: Card['tagging']): Promise<Span[][]> =>
    answerReference({ ...card, tagging }, reference, {
      run: (input) => worker.run(input),
      tokenizer,
      aggregation,
    });
  let { tagging } = card;
  if (tagging === undefined) {
    const free = await answer('none', undefined);
    const found = taggingOf(
      card.labels,
      sentences.map((text, index) => ({ text, tokens: free[index]! })),
    );
    if (found === 'iob1') tagging = found;
  }
  const answers = await answer('viterbi', tagging);
  return {
    tagging,
    reference: sentences.map((text, index) => {
      const spans = answers[index]!;
      const places = toUnit(text, spans, 'codepoint');
      return { text, entities: spans.map(({ label }, at) => ({ label, ...places[at]! })) };
    }),
  };
}

async function runIds(worker: GateWorker, variant: string, rows: number[][]): Promise<void> {
  const ids = Int32Array.from(rows.flat());
  const input: BatchInput = {
    variant,
    ids,
    lengths: Int32Array.from(rows, ({ length }) => length),
    caseTypes: new Uint8Array(ids.length),
  };
  const { logits } = await worker.run(input);
  if (!logits.every(Number.isFinite)) throw new TypeError('its logits are not finite numbers');
}
