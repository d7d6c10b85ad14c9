/** Cuts of an elastic model, whose units are stored by importance, against what torch says with zeros in their place. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { compressModel } from '../../../src/compress/compress-model.js';
import { largestDifference, logitsOf, type Inputs } from '../../support/onnx-models.js';

interface Shape {
  readonly layers: number[];
  readonly heads: number;
  readonly ffn: number;
  readonly logits: number[];
}

const FOLDER = 'test/fixtures/elastic';
const bytes = readFileSync(`${FOLDER}/model.onnx`);
const { inputs, cases } = JSON.parse(readFileSync(`${FOLDER}/cases.json`, 'utf8')) as {
  inputs: Inputs;
  cases: readonly Shape[];
};
const mask = inputs.attention_mask!;
const [whole] = cases;

describe('compressModel of an elastic model', () => {
  for (const { layers, heads, ffn, logits } of cases) {
    const recipe = { layers, heads, ffn };
    const words = `layers ${layers.join(', ')}, ${heads} of the heads and ${ffn} of the channels`;

    it(`keeps the first units: ${words}`, async () => {
      const made = compressModel(bytes, recipe, { order: 'stored' });
      const found = await logitsOf(made.bytes, inputs);

      assert.ok(largestDifference(found, logits, mask) < 2e-4);
      assert.equal(made.removed.layers, 4 - layers.length);
      if (made.removed.layers + made.removed.heads + made.removed.channels === 0) return;
      assert.ok(largestDifference(logits, whole!.logits, mask) > 0.1, 'the cut must show');
    });
  }

  it('cuts by the norms of weights where no order is told, which is another cut', async () => {
    const { layers, heads, ffn, logits } = cases.find((one) => one.ffn === 0.5)!;
    const made = compressModel(bytes, { layers, heads, ffn });
    const found = await logitsOf(made.bytes, inputs);

    assert.ok(largestDifference(found, logits, mask) > 0.01);
  });

  it('gives the same cut in two steps as in one', async () => {
    const { layers, heads, ffn } = cases.find((one) => one.layers.length === 2 && one.ffn === 0.5)!;
    const options = { order: 'stored' } as const;
    const shallow = compressModel(bytes, { layers }, options);
    const inTwo = compressModel(shallow.bytes, { heads, ffn }, options);
    const inOne = compressModel(bytes, { layers, heads, ffn }, options);

    const found = await logitsOf(inTwo.bytes, inputs);
    assert.equal(largestDifference(found, await logitsOf(inOne.bytes, inputs), mask), 0);
  });
});
