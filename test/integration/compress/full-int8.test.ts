/** The released `full`, made smaller here, against the files that the Python pipeline made of it. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { compressModel, type CompressedModel } from '../../../src/compress/compress-model.js';
import { decode } from '../../../src/ner/decode.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';
import { cardSchema } from '../../../src/registry/card.js';
import { largestDifference, TestModel } from '../../support/onnx-models.js';

const card = cardSchema.parse(JSON.parse(readFileSync('models/full/card.json', 'utf8')));
const tokenizer = TextTokenizer.fromFile('models/tokenizer/tokenizer.json');
const texts = card.reference.map(({ text }) => text);

interface Answer {
  readonly logits: Float32Array;
  readonly entities: readonly string[];
}

async function answers(model: TestModel): Promise<Answer[]> {
  const found: Answer[] = [];
  for (const text of texts) {
    const encoded = await tokenizer.encode(text);
    const ids = [tokenizer.clsId, ...encoded.ids, tokenizer.sepId];
    const padded = await model.logits({
      input_ids: [ids],
      attention_mask: [ids.map(() => 1)],
      token_type_ids: [[0, ...encoded.caseTypes, 0]],
    });
    const labels = card.labels.length;
    const logits = padded.slice(labels, padded.length - labels);
    const spans = decode(encoded, logits, { labels: card.labels, aggregation: 'viterbi' });
    const entities = spans.map(({ label, start, end }) => `${label} ${start} ${end}`);
    found.push({ logits, entities });
  }
  return found;
}

/** Entity F1 of one list of answers against another. */
function agreement(a: readonly Answer[], b: readonly Answer[]): number {
  let common = 0;
  let total = 0;
  for (const [i, { entities }] of a.entries()) {
    common += entities.filter((entity) => b[i]!.entities.includes(entity)).length;
    total += entities.length + b[i]!.entities.length;
  }
  return (2 * common) / total;
}

function difference(a: readonly Answer[], b: readonly Answer[]): number {
  return Math.max(...a.map(({ logits }, i) => largestDifference(logits, b[i]!.logits)));
}

async function answersOf(bytes: Uint8Array): Promise<Answer[]> {
  await using model = await TestModel.open(bytes);
  return await answers(model);
}

describe('compressModel of the released full', { timeout: 120_000 }, () => {
  let full: Buffer | undefined;
  let expected: Answer[];
  let made: CompressedModel;
  const shares: number[] = [];
  before(async () => {
    full = readFileSync('models/full/model.onnx');
    expected = await answersOf(full);
    made = compressModel(
      full,
      { precision: 'int8' },
      { onProgress: (share) => shares.push(share) },
    );
  });
  after(() => (full = undefined));

  it("makes an int8 model that answers like the Python quantizer's", async () => {
    const ours = await answersOf(made.bytes);
    const python = await answersOf(readFileSync('models/full-int8/model.onnx'));

    assert.ok(difference(ours, python) < 1e-3, `logits differ by ${difference(ours, python)}`);
    assert.equal(agreement(ours, python), 1);
    assert.ok(agreement(ours, expected) >= 0.97);
    const entities = ours.reduce((total, answer) => total + answer.entities.length, 0);
    assert.ok(entities > 100, `${entities} entities to compare`);
  });

  it('says what it made', () => {
    assert.deepEqual(made.recipe, {
      precision: 'int8',
      weightBits: 8,
      layers: [0, 1, 2, 3, 4, 5],
      ffn: 1,
      heads: 1,
      embeddings: 'int8',
    });
    assert.deepEqual(made.notes, []);
    assert.equal(made.quantized, 36);
    assert.equal(made.parameters, card.parameters);
    assert.ok(made.bytes.length < 23.6e6, `${made.bytes.length} bytes`);
  });

  it('tells its progress up to the end, never backwards', () => {
    assert.ok(shares.length > 30);
    assert.equal(shares.at(-1), 1);
    for (const [i, share] of shares.entries()) assert.ok(share >= (shares[i - 1] ?? 0));
  });

  it('agrees with full in every precision that keeps all layers', async () => {
    for (const [precision, floor] of [
      ['fp16-stored', 1],
      ['fp16-compute', 0.99],
      ['w8', 0.97],
      ['w4', 0.9],
    ] as const) {
      const answered = await answersOf(compressModel(full!, { precision }).bytes);
      const found = agreement(answered, expected);
      assert.ok(found >= floor, `${precision}: ${found}`);
    }
  });

  it('gives back the very bytes where nothing is asked, also after a way through fp32', () => {
    const wide = compressModel(full!, { precision: 'fp32' }).bytes;

    assert.ok(wide.length > 90e6, `${wide.length} bytes`);
    assert.equal(Buffer.compare(compressModel(full!, {}).bytes, full!), 0);
    assert.equal(Buffer.compare(compressModel(wide, { precision: 'fp16-stored' }).bytes, full!), 0);
  });
});
