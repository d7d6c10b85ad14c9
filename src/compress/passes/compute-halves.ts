import { quoted, RecipeError } from '../compress-error.js';
import { attributeOf, intOf, setInt } from '../onnx/attributes.js';
import { DataType } from '../onnx/data-type.js';
import { LARGEST_HALF, narrow, SMALLEST_HALF } from '../onnx/float16.js';
import { isOperator, type Constant, type Graph } from '../onnx/graph.js';
import { allFloats, bytesOf, elementsOf } from '../onnx/matrix.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';
import { castTo } from '../onnx/widening.js';

/** A mask of this much takes a score out of any softmax, and a score can be added to it without an overflow. */
const LARGEST_SCALAR = LARGEST_HALF / 2;
/** Operators that compute positions from lengths, in which half is too coarse. */
const POSITIONAL = new Set(['Log', 'Ceil', 'Floor', 'Sin', 'Cos']);

/**
 * Makes a graph compute in fp16, for GPUs. Inputs and outputs keep their types. Throws RecipeError where half cannot
 * hold the weights, or is too coarse for positions that the graph computes.
 */
export function computeInHalves(graph: Graph, onDone: (weights: number) => void): void {
  const positional = graph.nodes.find(({ opType }) => POSITIONAL.has(opType));
  if (positional !== undefined) {
    throw impossible(
      `the model computes positions with ${positional.opType}, for which fp16 is too coarse`,
    );
  }
  for (const constant of [...graph.constants.values()]) {
    if (constant.dataType !== DataType.float) continue;
    graph.constants.set(constant.name, halved(constant));
    onDone(elementsOf(constant));
  }
  for (const node of graph.nodes) {
    if (isOperator(node, 'Cast') && intOf(node, 'to') === DataType.float) {
      setInt(node, 'to', DataType.float16);
    }
    refuseFloatFill(node);
  }
  graph.touched();
  castInputs(graph);
  castOutputs(graph);
}

function halved(constant: Constant): Constant {
  const { name, dims } = constant;
  const made = { name, dims, dataType: DataType.float16, storedAs: DataType.float16 };
  if (constant.storedAs === DataType.float16) return { ...made, bytes: constant.bytes };
  const values = allFloats(constant);
  if (values.length === 1) values[0] = scalarInRange(values[0]!);
  const halves = new Uint16Array(values.length);
  if (narrow(values, halves) > 0) {
    throw impossible(
      `the tensor ${quoted(name)} holds numbers beyond ${LARGEST_HALF}, the largest of fp16`,
    );
  }
  return { ...made, bytes: bytesOf(halves) };
}

/** Masks are often the lowest fp32, and what keeps a quotient from zero is often too small for half. */
function scalarInRange(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const magnitude = Math.min(LARGEST_SCALAR, Math.max(SMALLEST_HALF, Math.abs(value)));
  return Math.sign(value) * magnitude;
}

/** ConstantOfShape carries the number that it fills with as a tensor, fp32 if none. */
function refuseFloatFill(node: NodeMessage): void {
  if (!isOperator(node, 'ConstantOfShape')) return;
  const fill = attributeOf(node, 'value')?.t;
  if (fill !== undefined && fill.dataType !== DataType.float) return;
  throw impossible(`the node ${quoted(node.name)} fills a tensor with fp32`);
}

function impossible(reason: string): RecipeError {
  return new RecipeError([{ pointer: '/precision', detail: `${reason}; ask for another one` }]);
}

function isFloat(info: Graph['inputs'][number]): boolean {
  return info.type?.tensorType?.elemType === DataType.float;
}

function castInputs(graph: Graph): void {
  for (const info of graph.inputs) {
    if (!isFloat(info)) continue;
    const half = graph.freshName(`${info.name}.fp16`);
    for (const node of graph.nodes) {
      node.input = node.input.map((name) => (name === info.name ? half : name));
    }
    graph.nodes = [castTo(DataType.float16, info.name, half), ...graph.nodes];
    graph.touched();
  }
}

function castOutputs(graph: Graph): void {
  for (const info of graph.outputs) {
    if (!isFloat(info)) continue;
    const half = graph.freshName(`${info.name}.fp16`);
    for (const node of graph.nodes) {
      node.input = node.input.map((name) => (name === info.name ? half : name));
      node.output = node.output.map((name) => (name === info.name ? half : name));
    }
    graph.nodes = [...graph.nodes, castTo(DataType.float, half, info.name)];
    graph.touched();
  }
}
