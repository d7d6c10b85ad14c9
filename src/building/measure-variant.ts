import { decode } from '../ner/decode.js';
import { codePointsToUtf16 } from '../ner/offset-units.js';
import { cutWindows, stitchLogits } from '../ner/windows.js';
import { fitProfile, type LatencySample } from '../scheduling/latency-profile.js';
import { batchInput, splitLogits, type SpecialTokens } from '../runtime/batch-input.js';
import { median } from '../scheduling/median.js';
import type { Span } from '../ner/span.js';
import type { TextTokenizer } from '../ner/tokenizer.js';
import type { Card } from '../registry/card.js';
import type { Measurement } from '../registry/measurement-store.js';
import type { BatchInput, BatchOutput } from '../runtime/protocol.js';

/** Runs a batch on a worker that nobody else uses meanwhile. */
export type RunBatch = (input: BatchInput) => Promise<BatchOutput>;

export interface MeasuringTools {
  readonly run: RunBatch;
  readonly tokenizer: TextTokenizer & SpecialTokens;
  readonly now: () => number;
}

/** [jobs, tokens each]: one short to one full window, and a batch, so that all three terms of a profile show. */
const PROFILE_SHAPES = [
  [1, 8],
  [1, 32],
  [1, 64],
  [1, 128],
  [4, 32],
  [1, 256],
] as const;
const PROFILE_BUDGET_MS = 300;
const MAX_ROUNDS = 20;

/**
 * What a variant is on this host: its latency profile, and the entity F1 of its answers here against those on its card.
 * Takes about 300 ms and one pass over the reference sentences. Rejects where a run fails or gives no finite logits.
 */
export async function measureVariant(card: Card, tools: MeasuringTools): Promise<Measurement> {
  const agreement = await measureAgreement(card, tools);
  const profile = fitProfile(await timeShapes(card, tools));
  return { profile, agreement, measuredAt: new Date().toISOString() };
}

async function timeShapes(card: Card, { run, now }: MeasuringTools): Promise<LatencySample[]> {
  const shapes = PROFILE_SHAPES.filter(([, length]) => length <= card.inputs.maxLength).map(
    ([jobs, length]) => ({ jobs, length, runsMs: [] as number[] }),
  );
  const startedAt = now();
  // The first round warms up: it grows ORT's arena to the largest shape.
  for (let round = 0; round <= MAX_ROUNDS; round += 1) {
    if (round > 1 && now() - startedAt > PROFILE_BUDGET_MS) break;
    for (const { jobs, length, runsMs } of shapes) {
      const { runMs } = await run(syntheticBatch(card.name, jobs, length));
      if (round > 0) runsMs.push(runMs);
    }
  }
  // A stall of the host in one round is not what the variant takes.
  return shapes.map(({ jobs, length, runsMs }) => ({ jobs, length, ms: median(runsMs) }));
}

/** Run time does not depend on which tokens these are. */
function syntheticBatch(variant: string, jobs: number, length: number): BatchInput {
  return {
    variant,
    lengths: new Int32Array(jobs).fill(length),
    ids: new Int32Array(jobs * length).fill(1),
    caseTypes: new Uint8Array(jobs * length),
  };
}

async function measureAgreement(card: Card, tools: MeasuringTools): Promise<number> {
  let common = 0;
  let total = 0;
  for (const { text, entities } of card.reference) {
    const spans = await answer(card, text, tools);
    const expected = new Set(
      codePointsToUtf16(text, entities).map(({ start, end }, index) =>
        [entities[index]!.label, start, end].join(' '),
      ),
    );
    common += spans.filter((span) =>
      expected.has([span.label, span.start, span.end].join(' ')),
    ).length;
    total += spans.length + expected.size;
  }
  return total === 0 ? 1 : (2 * common) / total;
}

async function answer(
  card: Card,
  text: string,
  { run, tokenizer }: MeasuringTools,
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
  return decode(encoded, stitched, { labels: card.labels, aggregation: 'viterbi' });
}
