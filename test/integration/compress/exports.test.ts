/**
 * Cuts and precisions on what several exporters write, against what torch says of the same model
 * (scripts/make_export_fixtures.py): its answers share no code with the compressor.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { RecipeError } from '../../../src/compress/compress-error.js';
import { compressModel } from '../../../src/compress/compress-model.js';
import { describeModel } from '../../../src/compress/describe-model.js';
import type { LayerOrder } from '../../../src/compress/passes/unit-order.js';
import type { Recipe } from '../../../src/compress/recipe.js';
import { largestDifference, logitsOf, type Inputs } from '../../support/onnx-models.js';

interface ExportCase {
  readonly inputs: Inputs;
  readonly order: readonly LayerOrder[];
  readonly layers: number[];
  readonly logits: Readonly<Record<'whole' | 'layers' | 'half' | 'halfChannels', number[]>>;
}

const FOLDER = 'test/fixtures/exports';
const { cases } = JSON.parse(readFileSync(`${FOLDER}/cases.json`, 'utf8')) as {
  cases: Record<string, ExportCase>;
};
/** Logits are about 3; the file tells them to 5 places. */
const SAME = 2e-4;
/** About twice the largest that was seen. Seven bits, so that CPUs without VNNI answer the same. */
const NEARLY_ALIKE = [
  [{ precision: 'int8', weightBits: 7 }, 0.4],
  [{ precision: 'w8' }, 0.25],
  [{ precision: 'w4' }, 1.6],
  [{ precision: 'fp16-stored' }, 0.008],
  [{ precision: 'fp16-compute' }, 0.008],
] as const;

for (const [name, { inputs, order, layers, logits }] of Object.entries(cases)) {
  const bytes = readFileSync(`${FOLDER}/${name}.onnx`);
  const mask = inputs.attention_mask!;
  const headsCanBeCut = name !== 'deberta-traced';
  const difference = async (recipe: Recipe, expected: readonly number[]) => {
    const { bytes: made } = compressModel(bytes, recipe, { order });
    return largestDifference(await logitsOf(made, inputs), expected, mask);
  };

  describe(`compressModel of ${name}`, () => {
    it('recognises three layers and the word table', () => {
      const model = describeModel(bytes);

      assert.deepEqual(
        model.layers,
        Array(3).fill({ heads: headsCanBeCut ? 4 : undefined, ffn: 24 }),
      );
      assert.deepEqual(model.words, { rows: 60, columns: 16 });
    });

    it('changes no answer where nothing is asked', async () => {
      assert.ok((await difference({}, logits.whole)) < SAME);
      assert.ok((await difference({ precision: 'fp32', layers: [0, 1, 2] }, logits.whole)) < SAME);
    });

    it('answers like torch with two of three layers', async () => {
      assert.ok(largestDifference(logits.layers, logits.whole, mask) > 0.5, 'the cut must show');
      assert.ok((await difference({ layers }, logits.layers)) < SAME);
    });

    it('answers like torch with half of the channels, by an order that it is given', async () => {
      assert.ok(largestDifference(logits.halfChannels, logits.whole, mask) > 0.2);
      assert.ok((await difference({ ffn: 0.5 }, logits.halfChannels)) < SAME);
    });

    it('answers like torch with half of the heads and channels, or says why not', async () => {
      if (headsCanBeCut) {
        assert.ok(largestDifference(logits.half, logits.halfChannels, mask) > 0.2);
        assert.ok((await difference({ ffn: 0.5, heads: 0.5 }, logits.half)) < SAME);
        return;
      }
      assert.throws(
        () => compressModel(bytes, { heads: 0.5 }),
        (error: RecipeError) =>
          error instanceof RecipeError &&
          error.issues[0]!.pointer === '/heads' &&
          /layer 0, 1, 2/.test(error.message),
      );
    });

    for (const [recipe, tolerance] of NEARLY_ALIKE) {
      const { precision } = recipe;
      it(`answers nearly alike in ${precision}, whole and with two layers`, async () => {
        if (precision === 'fp16-compute' && name === 'deberta-traced') {
          assert.throws(
            () => compressModel(bytes, { precision }),
            /\/precision: the model computes positions with Log, for which fp16 is too coarse/,
          );
          return;
        }
        const whole = await difference(recipe, logits.whole);
        const shorter = await difference({ ...recipe, layers }, logits.layers);
        assert.ok(whole > 0 && whole < tolerance, `whole: ${whole}`);
        assert.ok(shorter > 0 && shorter < tolerance, `two layers: ${shorter}`);
      });
    }
  });
}
