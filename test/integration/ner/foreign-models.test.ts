/**
 * Models that people bring: their entities, offsets and scores are those of Python's TokenClassificationPipeline, which
 * ran on torch once (scripts/make_foreign_fixtures.py); here tokenizer, worker and decoder are the gateway's own.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decode } from '../../../src/ner/decode.js';
import { toUnit } from '../../../src/ner/offset-units.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';
import { batchInput, splitLogits } from '../../../src/runtime/batch-input.js';
import { Worker } from '../../../src/runtime/worker.js';
import {
  entitiesOf,
  FOREIGN,
  modelFileOf,
  readForeignFile,
  STRATEGIES,
} from '../../support/foreign-models.js';
import type { EncodedText } from '../../../src/ner/encoded-text.js';

const hostPath = path.join(import.meta.dirname, '../../../src/runtime/worker-host.js');
const { texts, answers } = readForeignFile();
const names = Object.keys(answers);
const BATCH = 16;

interface Config {
  readonly id2label: Readonly<Record<string, string>>;
}

function labelsOf(name: string): string[] {
  const text = readFileSync(path.join(FOREIGN, name, 'config.json'), 'utf8');
  const { id2label } = JSON.parse(text) as Config;
  return Object.keys(id2label).map((_, index) => id2label[index]!);
}

const models = names.map((name) => ({
  name,
  labels: labelsOf(name),
  file: modelFileOf(path.join(FOREIGN, name)),
  tokenizer: TextTokenizer.fromFile(path.join(FOREIGN, name, 'tokenizer.json'), {
    caseTypes: false,
  }),
}));

/** Logits of all texts. Those of about one length share a batch, as in a gateway. */
async function logitsOf(
  worker: Worker,
  { name, labels, tokenizer }: (typeof models)[number],
  encoded: readonly EncodedText[],
): Promise<Float32Array[]> {
  const order = encoded.map((_, index) => index);
  order.sort((a, b) => encoded[a]!.ids.length - encoded[b]!.ids.length);
  const logits: Float32Array[] = [];
  for (let from = 0; from < order.length; from += BATCH) {
    const some = order.slice(from, from + BATCH);
    const jobs = some.map((index) => {
      const one = encoded[index]!;
      return { encoded: one, window: { start: 0, end: one.ids.length } };
    });
    const input = batchInput(name, jobs, tokenizer);
    const output = await worker.run(input, 60_000);
    const parts = splitLogits(output.logits, input.lengths, labels.length);
    some.forEach((index, at) => (logits[index] = parts[at]!));
  }
  return logits;
}

describe('foreign models', () => {
  let worker: Worker;

  before(async () => {
    await new Promise<void>((resolve, reject) => {
      worker = new Worker(hostPath, {
        onMessage: (message) => {
          if (message.type === 'variant_failed') reject(new Error(message.detail));
          if (message.type === 'loaded') resolve();
        },
        onExit: reject,
        onStderr: () => undefined,
      });
      worker.load(
        models.map(({ name, labels, file, tokenizer }) => ({
          name,
          path: file,
          sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
          labelCount: labels.length,
          padId: tokenizer.padId,
          providers: ['cpu'],
          threads: 1,
        })),
      );
    });
  });

  after(() => worker.close(1_000));

  it('has texts and models to compare', () => {
    assert.equal(texts.length, 500);
    assert.equal(names.length, 6);
  });

  for (const model of models) {
    it(`answers as Python's pipeline does with ${model.name}, whatever the aggregation`, async () => {
      const encoded: EncodedText[] = [];
      for (const text of texts) encoded.push(await model.tokenizer.encode(text));
      const logits = await logitsOf(worker, model, encoded);
      const wrong: unknown[] = [];
      let compared = 0;
      texts.forEach((text, index) => {
        for (const aggregation of STRATEGIES) {
          const spans = decode(encoded[index]!, logits[index]!, {
            labels: model.labels,
            aggregation,
          });
          const places = toUnit(text, spans, 'codepoint');
          const got = spans.map(({ label }, at) => [label, places[at]!.start, places[at]!.end]);
          const entities = entitiesOf(answers[model.name]!, aggregation, index);
          const wanted = entities.map(({ label, start, end }) => [label, start, end]);
          compared += wanted.length;
          const scoresDiffer = entities.some(
            ({ score }, at) => !(Math.abs(score - (spans[at]?.score ?? 0)) < 2e-4),
          );
          if (JSON.stringify(got) !== JSON.stringify(wanted) || scoresDiffer) {
            wrong.push({ aggregation, text, got, wanted });
          }
        }
      });
      assert.ok(compared > 5_000, `only ${compared} entities`);
      assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} differ`);
    });
  }
});
