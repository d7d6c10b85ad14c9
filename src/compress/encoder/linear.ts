import { isOperator, type Constant, type Graph } from '../onnx/graph.js';
import { elementsOf } from '../onnx/matrix.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';

/** A product with a matrix [in, out] of the file. */
export interface Linear {
  readonly node: NodeMessage;
  readonly input: string;
  readonly weight: Constant;
  readonly from: number;
  readonly to: number;
}

/** The linear map that a node is; undefined for products of two computed values and for other nodes. */
export function linearAt(graph: Graph, node: NodeMessage | undefined): Linear | undefined {
  if (node === undefined || !isOperator(node, 'MatMul')) return undefined;
  const weight = graph.floats(node.input[1]);
  if (weight?.dims.length !== 2 || elementsOf(weight) === 0) return undefined;
  const input = node.input[0]!;
  if (graph.constants.has(input)) return undefined;
  const [from, to] = weight.dims as [number, number];
  return { node, input, weight, from, to };
}

/** An operand of a node that is a constant, with the place at which it is read. */
export interface ConstantOperand {
  readonly constant: Constant;
  readonly place: number;
  /** The other operand. */
  readonly other: string;
}

/** The constant that a sum adds to a computed value, as biases are. */
export function addedConstant(graph: Graph, node: NodeMessage): ConstantOperand | undefined {
  if (!isOperator(node, 'Add') || node.input.length !== 2) return undefined;
  const place = node.input.findIndex((name) => graph.floats(name) !== undefined);
  const other = node.input[1 - place];
  if (place < 0 || other === undefined || graph.constants.has(other)) return undefined;
  return { constant: graph.floats(node.input[place])!, place, other };
}

/** The value after the bias, where only a bias reads the product; else the product itself. */
export function afterBias(graph: Graph, linear: Linear): string {
  const product = linear.node.output[0]!;
  const [reader, ...others] = graph.readers(product);
  if (reader === undefined || others.length > 0 || graph.isOutput(product)) return product;
  const added = addedConstant(graph, reader);
  return added !== undefined && elementsOf(added.constant) === linear.to
    ? reader.output[0]!
    : product;
}

/** The linear map whose result, with or without a bias, a value is. */
export function linearBefore(graph: Graph, value: string): Linear | undefined {
  const producer = graph.producer(value);
  if (producer === undefined) return undefined;
  const added = addedConstant(graph, producer);
  return linearAt(graph, added === undefined ? producer : graph.producer(added.other));
}
