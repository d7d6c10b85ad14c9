import type { Graph } from '../onnx/graph.js';
import { addedConstant, afterBias, type Linear } from './linear.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';
import type { UnitSlice } from './units.js';

/** A linear map with its bias, whose columns are channels. */
export interface Projection {
  /** The result, after the bias if there is one. */
  readonly value: string;
  readonly nodes: readonly NodeMessage[];
  readonly slices: readonly UnitSlice[];
}

export function projectionOf(graph: Graph, linear: Linear): Projection {
  const value = afterBias(graph, linear);
  const weights: UnitSlice = { node: linear.node, place: 1, axis: 1, blocks: 1 };
  const biased = graph.producer(value)!;
  if (biased === linear.node) return { value, nodes: [biased], slices: [weights] };
  const { place, constant } = addedConstant(graph, biased)!;
  const bias: UnitSlice = { node: biased, place, axis: constant.dims.length - 1, blocks: 1 };
  return { value, nodes: [linear.node, biased], slices: [weights, bias] };
}
