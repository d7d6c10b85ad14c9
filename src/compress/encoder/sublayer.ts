import { isMicrosoft, isOperator, type Graph } from '../onnx/graph.js';
import { addedConstant, linearAt, linearBefore, type Linear } from './linear.js';
import { elementsOf } from '../onnx/matrix.js';
import { normalized } from './normalization.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';

/**
 * One step of an encoder whose norms come last: output = norm(input + change), where `change` is a linear map of what the
 * nodes of `inner` make of the input.
 */
export interface Sublayer {
  readonly input: string;
  readonly output: string;
  /** The last linear map; undefined where nothing is left of the sublayer but a bias. */
  readonly last: Linear | undefined;
  /** The nodes between the input and the last linear map, in the graph's order. */
  readonly inner: readonly NodeMessage[];
}

/** A sublayer of the encoders at hand has up to 150 nodes; a search that goes much further has lost its way. */
const MOST_NODES_BETWEEN = 600;

/** All sublayers, in the graph's order. */
export function sublayersOf(graph: Graph): Sublayer[] {
  const places = new Map(graph.nodes.map((node, place) => [node, place]));
  return graph.nodes.flatMap((node): Sublayer[] => {
    const residual = residualAt(graph, node);
    if (residual === undefined) return [];
    const { input, output, last } = residual;
    if (last === undefined) return [{ input, output, last, inner: [] }];
    const first = graph.producer(input);
    const between = graph.nodes.slice(
      first === undefined ? 0 : places.get(first)! + 1,
      places.get(last.node),
    );
    const inner = between.length > MOST_NODES_BETWEEN ? [] : innerNodes(between, input, last.input);
    return inner.length > 0 ? [{ input, output, last, inner }] : [];
  });
}

type Residual = Pick<Sublayer, 'input' | 'output' | 'last'>;

function residualAt(graph: Graph, node: NodeMessage): Residual | undefined {
  const fused = isMicrosoft(node, 'SkipLayerNormalization');
  if (!fused && !isOperator(node, 'Add')) return undefined;
  const sum = node.output[0]!;
  const output = fused ? sum : normalized(graph, sum);
  if (output === undefined) return undefined;
  const [left, right] = node.input as [string, string];
  for (const [change, input] of [
    [left, right],
    [right, left],
  ] as const) {
    if (graph.constants.has(input)) continue;
    const last = linearBefore(graph, change);
    if (last !== undefined && last.input !== input) return { input, output, last };
  }
  // Cut to nothing: only the bias is added.
  const added = fused ? undefined : addedConstant(graph, node);
  if (added === undefined || elementsOf(added.constant) < 2) return undefined;
  return linearAt(graph, graph.producer(added.other)) === undefined
    ? { input: added.other, output, last: undefined }
    : undefined;
}

/** Those of `nodes` (in order) that depend on `from` and that `to` depends on. The shape of a value does not depend on it. */
function innerNodes(nodes: readonly NodeMessage[], from: string, to: string): NodeMessage[] {
  const reached = new Set([from]);
  const dependent = nodes.filter((node) => {
    if (isOperator(node, 'Shape') || !node.input.some((name) => reached.has(name))) return false;
    for (const name of node.output) reached.add(name);
    return true;
  });
  const wanted = new Set([to]);
  return dependent
    .reverse()
    .filter((node) => {
      if (!node.output.some((name) => wanted.has(name))) return false;
      for (const name of node.input) wanted.add(name);
      return true;
    })
    .reverse();
}
