import { DataType } from './onnx/data-type.js';
import { encoderOf, type Encoder } from './encoder/encoder.js';
import { foldConstants } from './onnx/fold-constants.js';
import { isMicrosoft, isOperator, type Graph } from './onnx/graph.js';
import { elementsOf } from './onnx/matrix.js';
import { linearAt } from './encoder/linear.js';
import { DEFAULT_LIMITS, type ModelLimits } from './onnx/model-limits.js';
import { readModel } from './onnx/read-model.js';
import type { Precision } from './recipe.js';
import { classifiers, hasFusedEmbeddings, wordTable } from './encoder/tables.js';
import { foldWidening } from './onnx/widening.js';

export interface LayerDescription {
  /** Undefined where they were not recognised, so cannot be cut. */
  readonly heads: number | undefined;
  readonly ffn: number | undefined;
}

/** What the compressor recognises in a model, and so what a recipe may ask for. */
export interface ModelDescription {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly precision: Precision;
  /** Weights: those of tensors that are no single number. */
  readonly parameters: number;
  readonly layers: readonly LayerDescription[];
  /** Products with weights in fp32, those whose results are outputs left out. */
  readonly matrices: number;
  readonly words: { readonly rows: number; readonly columns: number } | undefined;
  /** True if a layer's output is an output of the model, so that no layer can be cut. */
  readonly hasHiddenOutputs: boolean;
  /** What was not recognised. */
  readonly notes: readonly string[];
}

/** Reads a model and tells what can be done with it. Throws ModelError for one that is refused. */
export function describeModel(
  bytes: Uint8Array,
  limits: ModelLimits = DEFAULT_LIMITS,
): ModelDescription {
  const graph = openModel(bytes, limits);
  return describeGraph(graph, encoderOf(graph));
}

/** Reads a model and brings it into the form that all passes expect. */
export function openModel(bytes: Uint8Array, limits: ModelLimits): Graph {
  const graph = readModel(bytes, limits);
  // Halves that are widened first, so that a transposed one is seen as fp32.
  foldConstants(graph, limits);
  foldWidening(graph);
  foldConstants(graph, limits);
  graph.forgetNames();
  return graph;
}

export function describeGraph(graph: Graph, encoder: Encoder): ModelDescription {
  const words = wordTable(graph);
  const kept = classifiers(graph);
  const notes = [...encoder.notes];
  if (hasFusedEmbeddings(graph)) {
    notes.push('the embeddings are one fused operator, whose tables stay as they are');
  } else if (words === undefined) {
    notes.push('no table of word embeddings in fp32 was recognised');
  }
  return {
    inputs: graph.inputs.map(({ name }) => name),
    outputs: graph.outputs.map(({ name }) => name),
    precision: precisionOf(graph),
    parameters: weightsOf(graph),
    layers: encoder.layers.map(({ heads, ffn }) => ({ heads: heads?.count, ffn: ffn?.count })),
    matrices: graph.nodes.filter(
      (node) => isPackedAttention(graph, node) || (linearAt(graph, node) && !kept.has(node)),
    ).length,
    words: words && { rows: words.table.dims[0]!, columns: words.table.dims[1]! },
    hasHiddenOutputs: encoder.layers.some(({ output }) => graph.isOutput(output)),
    notes,
  };
}

export function weightsOf(graph: Graph): number {
  let weights = 0;
  for (const constant of graph.constants.values()) {
    // A single number is a mask, a scale or an epsilon.
    const isWeight = constant.dataType !== DataType.int64 && elementsOf(constant) > 1;
    if (isWeight) weights += elementsOf(constant);
  }
  return weights;
}

function isPackedAttention(graph: Graph, node: Graph['nodes'][number]): boolean {
  return isMicrosoft(node, 'Attention') && graph.floats(node.input[1]) !== undefined;
}

const INTEGER_PRODUCTS = ['DynamicQuantizeMatMul', 'MatMulIntegerToFloat', 'QAttention'];
const STANDARD_INTEGER = ['MatMulInteger', 'QLinearMatMul', 'DequantizeLinear'];

function precisionOf(graph: Graph): Precision {
  const blocks = graph.nodes.find((node) => isMicrosoft(node, 'MatMulNBits'));
  if (blocks !== undefined) {
    const bits = blocks.attribute.find(({ name }) => name === 'bits');
    return bits?.i === 8n ? 'w8' : 'w4';
  }
  const isInteger = graph.nodes.some(
    (node) =>
      INTEGER_PRODUCTS.some((operator) => isMicrosoft(node, operator)) ||
      STANDARD_INTEGER.some((operator) => isOperator(node, operator)),
  );
  if (isInteger) return 'int8';
  let stored = 0;
  for (const constant of graph.constants.values()) {
    if (constant.dims.length < 2) continue;
    if (constant.dataType === DataType.float16) return 'fp16-compute';
    if (constant.storedAs === DataType.float16) stored += 1;
  }
  return stored > 0 ? 'fp16-stored' : 'fp32';
}
