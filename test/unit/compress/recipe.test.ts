import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecipeError } from '../../../src/compress/compress-error.js';
import type { ModelDescription } from '../../../src/compress/describe-model.js';
import { checkRecipe } from '../../../src/compress/recipe.js';

const MODEL: ModelDescription = {
  inputs: ['input_ids', 'attention_mask'],
  outputs: ['logits'],
  precision: 'fp16-stored',
  parameters: 1,
  layers: Array.from({ length: 6 }, () => ({ heads: 12, ffn: 1536 })),
  matrices: 36,
  words: { rows: 30_522, columns: 384 },
  hasHiddenOutputs: false,
  notes: [],
};
const UNKNOWN: ModelDescription = { ...MODEL, layers: [], matrices: 0, words: undefined };

describe('checkRecipe', () => {
  it('says everything that a recipe leaves open', () => {
    const layers = [0, 1, 2, 3, 4, 5];
    assert.deepEqual(checkRecipe({}, MODEL), {
      precision: 'fp16-stored',
      layers,
      ffn: 1,
      heads: 1,
      embeddings: 'float',
    });
    assert.deepEqual(checkRecipe({ precision: 'int8' }, MODEL), {
      precision: 'int8',
      weightBits: 8,
      layers,
      ffn: 1,
      heads: 1,
      embeddings: 'int8',
    });
    assert.deepEqual(
      checkRecipe({ precision: 'w4', embeddings: 'float', layers: [1, 4], ffn: 0.25 }, MODEL),
      { precision: 'w4', layers: [1, 4], ffn: 0.25, heads: 1, embeddings: 'float' },
    );
    assert.deepEqual(checkRecipe({ precision: 'fp32' }, UNKNOWN), {
      precision: 'fp32',
      ffn: 1,
      heads: 1,
      embeddings: 'float',
    });
  });

  for (const { recipe, pointer, says, model = MODEL } of [
    { recipe: 'int8', pointer: '', says: /expected object/ },
    { recipe: { precison: 'int8' }, pointer: '', says: /"precison"/ },
    { recipe: { precision: 'int4' }, pointer: '/precision', says: /"int8"\|"w8"\|"w4"/ },
    { recipe: { layers: [] }, pointer: '/layers', says: /at least one layer must stay/ },
    { recipe: { layers: [0, 6] }, pointer: '/layers/1', says: /no layer 6, the model has 0 to 5/ },
    { recipe: { layers: [0, -1] }, pointer: '/layers/1', says: />=0/ },
    { recipe: { layers: [2, 1] }, pointer: '/layers/1', says: /once each and in their order/ },
    { recipe: { layers: [2, 2] }, pointer: '/layers/1', says: /once each and in their order/ },
    { recipe: { layers: [0.5] }, pointer: '/layers/0', says: /int/ },
    { recipe: { ffn: 0 }, pointer: '/ffn', says: />0/ },
    { recipe: { heads: 1.5 }, pointer: '/heads', says: /<=1/ },
    { recipe: { heads: Number.NaN }, pointer: '/heads', says: /NaN/ },
    { recipe: { weightBits: 7 }, pointer: '/weightBits', says: /precision int8 only/ },
    { recipe: { precision: 'int8', weightBits: 6 }, pointer: '/weightBits', says: /7/ },
    { recipe: { layers: [0] }, pointer: '/layers', says: /no encoder layers/, model: UNKNOWN },
    { recipe: { ffn: 0.5 }, pointer: '/ffn', says: /no encoder layers/, model: UNKNOWN },
    {
      recipe: { precision: 'int8' },
      pointer: '/precision',
      says: /nothing to quantize/,
      model: UNKNOWN,
    },
    { recipe: { embeddings: 'int8' }, pointer: '/embeddings', says: /no table/, model: UNKNOWN },
    {
      recipe: { precision: 'int8' },
      pointer: '/precision',
      says: /the model is int8 already; take the float model/,
      model: { ...MODEL, precision: 'int8' as const },
    },
    {
      recipe: { precision: 'fp32' },
      pointer: '/precision',
      says: /computes in fp16/,
      model: { ...MODEL, precision: 'fp16-compute' as const },
    },
    {
      recipe: { layers: [0, 1] },
      pointer: '/layers',
      says: /output of the model/,
      model: { ...MODEL, hasHiddenOutputs: true },
    },
    {
      recipe: { heads: 0.5, layers: [1, 2] },
      pointer: '/heads',
      says: /layer 2 \(layer 2: its heads cannot be cut: why\)/,
      model: {
        ...MODEL,
        layers: MODEL.layers.map((layer, i) => (i === 2 ? { ...layer, heads: undefined } : layer)),
        notes: ['layer 2: its heads cannot be cut: why'],
      },
    },
  ]) {
    it(`refuses ${JSON.stringify(recipe)} and names the field: ${says.source}`, () => {
      assert.throws(
        () => checkRecipe(recipe, model),
        (error) =>
          error instanceof RecipeError &&
          error.issues.length === 1 &&
          error.issues[0]!.pointer === pointer &&
          says.test(error.issues[0]!.detail),
      );
    });
  }

  it('names every wrong field at once', () => {
    assert.throws(
      () => checkRecipe({ layers: [9], weightBits: 7 }, MODEL),
      (error) =>
        error instanceof RecipeError &&
        error.issues.map(({ pointer }) => pointer).join() === '/weightBits,/layers/0',
    );
  });
});
