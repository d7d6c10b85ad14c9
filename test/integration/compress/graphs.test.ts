/** Graphs with something unusual: cut before, shared weights, outputs within, heads that are not alike. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { RecipeError } from '../../../src/compress/compress-error.js';
import { compressModel } from '../../../src/compress/compress-model.js';
import { describeModel, openModel } from '../../../src/compress/describe-model.js';
import { newNode } from '../../../src/compress/onnx/graph.js';
import { allFloats } from '../../../src/compress/onnx/matrix.js';
import { DEFAULT_LIMITS } from '../../../src/compress/onnx/model-limits.js';
import type { ModelMessage, NodeMessage } from '../../../src/compress/onnx/onnx-schema.js';
import { changedModel, largestDifference, logitsOf, TINY } from '../../support/onnx-models.js';

const INPUTS = {
  input_ids: [[2, 17, 45, 120, 9, 3]],
  attention_mask: [[1, 1, 1, 1, 1, 1]],
  token_type_ids: [[0, 1, 2, 0, 3, 0]],
};

function nodeNamed(model: ModelMessage, name: string): NodeMessage {
  const node = model.graph!.node.find((one) => one.name === name);
  assert.ok(node, name);
  return node;
}

describe('compressModel', () => {
  it('takes a layer that has lost all its heads and one that has lost all its channels', async () => {
    const bytes = changedModel((model) => {
      nodeNamed(model, 'layer.0.attention.sum').input[0] = 'layer.0.attention.output.bias';
      nodeNamed(model, 'layer.1.ffn.sum').input[0] = 'layer.1.ffn.down.bias';
    });

    assert.deepEqual(describeModel(bytes).layers, [
      { heads: 0, ffn: 64 },
      { heads: 4, ffn: 0 },
    ]);
    const whole = await logitsOf(bytes, INPUTS);
    const { bytes: made, removed } = compressModel(bytes, {
      precision: 'int8',
      heads: 0.5,
      ffn: 0.5,
    });
    assert.deepEqual(removed, { layers: 0, heads: 2, channels: 32 });
    assert.ok(largestDifference(await logitsOf(made, INPUTS), whole) > 0);
    const first = await logitsOf(compressModel(bytes, { layers: [0] }).bytes, INPUTS);
    assert.ok(largestDifference(first, whole) > 0.01);
  });

  it('cuts a weight that two layers share for each by itself, and keeps it whole where only one is cut', async () => {
    const shared = (part: string) => [`layer.0.${part}`, `layer.1.${part}`] as const;
    const bytes = changedModel((model) => {
      for (const [first, second] of [
        shared('attention.query.bias'),
        shared('ffn.up.weight.fp32'),
        shared('ffn.down.weight.fp32'),
      ]) {
        for (const node of model.graph!.node) {
          node.input = node.input.map((name) => (name === second ? first : name));
        }
      }
    });
    const kept = (channels: number[]) => [
      ...channels,
      ...Array.from({ length: 64 }, (_, i) => i).filter((i) => !channels.includes(i)),
    ];
    const range = (from: number) => Array.from({ length: 32 }, (_, i) => from + i);
    const order = [
      { heads: [0, 1, 2, 3], ffn: kept(range(0)) },
      { heads: [3, 2, 1, 0], ffn: kept(range(32)) },
    ];

    const made = compressModel(bytes, { heads: 0.5, ffn: 0.5 }, { order });

    // The same by zeros: what the other heads and channels of each layer give is multiplied by zero.
    const silenced = changedModel((model) => {
      for (const [name, first] of [
        ['layer.0.attention.output.weight', 16],
        ['layer.1.attention.output.weight', 0],
      ] as const) {
        const tensor = model.graph!.initializer.find((one) => one.name === name)!;
        tensor.rawData = Uint8Array.from(tensor.rawData);
        tensor.rawData.fill(0, first * 32 * 2, (first + 16) * 32 * 2);
      }
      const weight = (name: string) => model.graph!.initializer.find((one) => one.name === name)!;
      for (const part of ['up.weight', 'down.weight'] as const) {
        weight(`layer.1.ffn.${part}`).rawData = weight(`layer.0.ffn.${part}`).rawData;
      }
      weight('layer.1.attention.query.bias').rawData = weight(
        'layer.0.attention.query.bias',
      ).rawData;
      for (const [name, first] of [
        ['layer.0.ffn.down.weight', 32],
        ['layer.1.ffn.down.weight', 0],
      ] as const) {
        weight(name).rawData = Uint8Array.from(weight(name).rawData);
        weight(name).rawData.fill(0, first * 32 * 2, (first + 32) * 32 * 2);
      }
    });
    const expected = await logitsOf(silenced, INPUTS);
    const off = largestDifference(await logitsOf(made.bytes, INPUTS), expected);
    assert.ok(off < 1e-4, `differs by ${off}`);
  });

  it('keeps the heads and channels with the largest weights where no order is told', () => {
    const graph = openModel(readFileSync(TINY), DEFAULT_LIMITS);
    const norms = (name: string, axis: 0 | 1, unit: number) => {
      const constant = graph.floats(name)!;
      const values = allFloats(constant);
      const columns = constant.dims[1]!;
      const squares = Array<number>(constant.dims[axis]! / unit).fill(0);
      for (const [i, value] of values.entries()) {
        const channel = axis === 0 ? Math.floor(i / columns) : i % columns;
        squares[Math.floor(channel / unit)]! += value * value;
      }
      return squares;
    };
    const up = norms('layer.0.ffn.up.weight', 1, 1);
    const down = norms('layer.0.ffn.down.weight', 0, 1);
    const best = Array.from(up.keys())
      .sort((a, b) => up[b]! + down[b]! - up[a]! - down[a]!)
      .slice(0, 16)
      .sort((a, b) => a - b);
    const rows = allFloats(graph.floats('layer.0.ffn.down.weight')!);

    const made = openModel(compressModel(readFileSync(TINY), { ffn: 0.25 }).bytes, DEFAULT_LIMITS);

    const kept = made.floats('layer.0.ffn.down.weight')!;
    assert.deepEqual(kept.dims, [16, 32]);
    assert.deepEqual(
      [...allFloats(kept)],
      best.flatMap((channel) => [...rows.subarray(channel * 32, (channel + 1) * 32)]),
    );
    assert.deepEqual(
      made.model.metadataProps.map(({ key, value }) => `${key} ${value}`),
      [
        'entier.layers 2',
        'entier.hidden 32',
        'entier.heads 4',
        'entier.ffn 16',
        'entier.storage fp16',
      ],
    );
  });

  it('keeps the first units where the model holds them in the order of their importance', () => {
    const before = openModel(readFileSync(TINY), DEFAULT_LIMITS);
    const { bytes } = compressModel(readFileSync(TINY), { heads: 0.5 }, { order: 'stored' });
    const after = openModel(bytes, DEFAULT_LIMITS);

    const name = 'layer.1.attention.query.bias';
    assert.deepEqual(
      [...allFloats(after.floats(name)!)],
      [...allFloats(before.floats(name)!).subarray(0, 16)],
    );
    assert.deepEqual(after.floats('layer.1.attention.output.weight')!.dims, [16, 32]);
  });

  it('refuses an order that does not name each unit once', () => {
    for (const heads of [
      [0, 1, 2],
      [0, 1, 2, 2],
      [0, 1, 2, 4],
      [0, 1, 2, 0.5],
    ]) {
      assert.throws(
        () => compressModel(readFileSync(TINY), { heads: 0.5 }, { order: [{ heads }, { heads }] }),
        (error) =>
          error instanceof RecipeError &&
          /the order of layer 0 .* 4 units once/.test(error.message),
      );
    }
  });

  it('does not cut layers of a model that gives out what they make', () => {
    const bytes = changedModel((model) => {
      const { output } = model.graph!;
      output.push({ ...output[0]!, name: 'layer.0.ffn.norm.result' });
    });
    assert.throws(
      () => compressModel(bytes, { layers: [1] }),
      /\/layers: the output of a layer is an output of the model/,
    );
    assert.equal(compressModel(bytes, { precision: 'int8' }).quantized, 12);
  });

  it('does not cut heads that have a bias of their own', () => {
    const bytes = changedModel((model) => {
      // [1, heads, 1, 1] is added to the scores of layer 0.
      const graph = model.graph!;
      const vector = graph.initializer.find(({ name }) => name === 'constant.one')!;
      const bias = new Uint8Array(Float32Array.of(0, 1, 2, 3).buffer);
      graph.initializer.push({
        ...vector,
        name: 'per_head',
        dims: [1n, 4n, 1n, 1n],
        rawData: bias,
      });
      const scaled = nodeNamed(model, 'layer.0.attention.scaled');
      scaled.output[0] = 'unbiased';
      const add = newNode({
        opType: 'Add',
        input: ['unbiased', 'per_head'],
        output: ['layer.0.attention.scaled'],
      });
      graph.node.splice(graph.node.indexOf(scaled) + 1, 0, add);
    });

    assert.deepEqual(describeModel(bytes).layers, [
      { heads: undefined, ffn: 64 },
      { heads: 4, ffn: 64 },
    ]);
    assert.throws(() => compressModel(bytes, { heads: 0.5 }), /\/heads: cannot be cut in layer 0/);
    assert.equal(compressModel(bytes, { heads: 0.5, layers: [1] }).removed.heads, 2);
  });

  it('leaves a model alone in which it recognises nothing, and says so', async () => {
    // A softmax in place of each norm.
    const bytes = changedModel((model) => {
      for (const node of model.graph!.node) {
        if (node.opType !== 'LayerNormalization') continue;
        Object.assign(node, { opType: 'Softmax', input: [node.input[0]], attribute: [] });
      }
    });
    const made = compressModel(bytes, { precision: 'int8' });

    assert.deepEqual(made.notes, [
      'no encoder layers with residuals and norms after them were recognised',
    ]);
    assert.equal(made.recipe.layers, undefined);
    assert.equal(made.quantized, 12);
    assert.throws(() => compressModel(bytes, { layers: [0] }), /no encoder layers were recognised/);
    assert.ok((await logitsOf(made.bytes, INPUTS)).every(Number.isFinite));
  });

  it('refuses to quantize what is quantized, and to widen what computes in half', () => {
    const int8 = compressModel(readFileSync(TINY), { precision: 'int8' }).bytes;
    const half = compressModel(readFileSync(TINY), { precision: 'fp16-compute' }).bytes;

    assert.throws(() => compressModel(int8, { precision: 'w4' }), /the model is int8 already/);
    assert.throws(() => compressModel(half, { precision: 'fp32' }), /computes in fp16/);
    assert.equal(compressModel(int8, {}).recipe.precision, 'int8');
    assert.equal(compressModel(half, {}).recipe.precision, 'fp16-compute');
  });

  it('quantizes an activation once for all products that read it', () => {
    const { nodes } = openModel(
      compressModel(readFileSync(TINY), { precision: 'int8' }).bytes,
      DEFAULT_LIMITS,
    );
    const count = (operator: string) => nodes.filter(({ opType }) => opType === operator).length;
    assert.equal(count('MatMulInteger'), 12);
    // Of each layer: once for query, key and value, and for the other three products.
    assert.equal(count('DynamicQuantizeLinear'), 8);
    assert.equal(count('MatMul'), 5, 'scores, contexts and the classifier stay in float');
  });

  it('does not change the bytes that it is given', () => {
    const bytes = readFileSync(TINY);
    const before = Buffer.from(bytes);
    compressModel(bytes, { precision: 'int8', layers: [1], heads: 0.5, ffn: 0.5 });
    assert.ok(bytes.equals(before));
  });
});
