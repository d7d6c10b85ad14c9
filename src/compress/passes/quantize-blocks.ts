import { MICROSOFT_DOMAIN } from '../onnx/allowed-operators.js';
import { intAttribute } from '../onnx/attributes.js';
import { DataType } from '../onnx/data-type.js';
import { newNode, type Constant, type Graph } from '../onnx/graph.js';
import { linearAt } from '../encoder/linear.js';
import { allFloats, bytesOf, elementsOf } from '../onnx/matrix.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';

/** Weights of a column that share a scale: the smallest that MatMulNBits' fast kernels take. */
const BLOCK = 32;
/** Of MatMulNBits: activations are rounded to int8 too, a scale a block, which is what makes it fast on a CPU. */
const INT8_ACTIVATIONS = 4;

export interface BlockOptions {
  readonly bits: 4 | 8;
  readonly kept: ReadonlySet<NodeMessage>;
  readonly onDone: (weights: number) => void;
}

/** Weight-only quantization: products with weights become MatMulNBits of onnxruntime. Returns how many. */
export function quantizeBlocks(graph: Graph, { bits, kept, onDone }: BlockOptions): number {
  const stored = new Map<string, readonly [weights: string, scales: string]>();
  let products = 0;
  graph.replaceNodes((node) => {
    const linear = kept.has(node) ? undefined : linearAt(graph, node);
    if (linear === undefined) return undefined;
    const { weight, from, to } = linear;
    let names = stored.get(weight.name);
    if (names === undefined) {
      names = store(graph, weight, bits);
      stored.set(weight.name, names);
      onDone(elementsOf(weight));
    }
    products += 1;
    return [
      newNode({
        opType: 'MatMulNBits',
        domain: MICROSOFT_DOMAIN,
        input: [linear.input, ...names],
        output: node.output,
        attribute: [
          intAttribute('K', from),
          intAttribute('N', to),
          intAttribute('bits', bits),
          intAttribute('block_size', BLOCK),
          intAttribute('accuracy_level', INT8_ACTIVATIONS),
        ],
      }),
    ];
  });
  if (products > 0) graph.importMicrosoft();
  return products;
}

function store(graph: Graph, weight: Constant, bits: 4 | 8): readonly [string, string] {
  const { packed, scales } = packBlocks(weight, bits);
  const [rows, columns] = weight.dims as [number, number];
  const blocks = Math.ceil(rows / BLOCK);
  const weights = graph.addConstant({
    name: `${weight.name}.int${bits}`,
    dims: [columns, blocks, (BLOCK * bits) / 8],
    dataType: DataType.uint8,
    bytes: packed,
  });
  const scale = graph.addConstant({
    name: `${weight.name}.scale`,
    dims: [columns * blocks],
    dataType: DataType.float,
    bytes: bytesOf(scales),
  });
  return [weights, scale];
}

/**
 * The weights [in, out], column by column in blocks, as unsigned integers around the middle of their range; of 4 bits two
 * a byte, the first in the low half. The weight with the largest magnitude of a block takes the lowest integer, because there
 * is one more below the middle than above.
 */
export function packBlocks(
  weight: Constant,
  bits: 4 | 8,
): { packed: Uint8Array; scales: Float32Array } {
  const [rows, columns] = weight.dims as [number, number];
  const blocks = Math.ceil(rows / BLOCK);
  const middle = 2 ** (bits - 1);
  const values = allFloats(weight);
  const packed = new Uint8Array(columns * blocks * ((BLOCK * bits) / 8));
  const scales = new Float32Array(columns * blocks);
  for (let column = 0; column < columns; column += 1) {
    for (let block = 0; block < blocks; block += 1) {
      const begin = block * BLOCK;
      const end = Math.min(rows, begin + BLOCK);
      let extreme = 0;
      for (let row = begin; row < end; row += 1) {
        const value = values[row * columns + column]!;
        if (Math.abs(value) > Math.abs(extreme)) extreme = value;
      }
      const scale = Math.fround(extreme / -middle);
      const place = column * blocks + block;
      scales[place] = scale;
      for (let i = 0; i < BLOCK; i += 1) {
        const row = begin + i;
        const value = row < end && scale !== 0 ? values[row * columns + column]! / scale : 0;
        const integer = Math.min(2 * middle - 1, Math.max(0, Math.round(value) + middle));
        if (bits === 8) packed[place * BLOCK + i] = integer;
        else packed[(place * BLOCK + i) >> 1]! |= integer << (4 * (i & 1));
      }
    }
  }
  return { packed, scales };
}
