import { attributeOf, intOf } from '../onnx/attributes.js';
import { readOutside } from './feed-forward.js';
import { isMicrosoft, type Graph } from '../onnx/graph.js';
import { linearAt, type Linear } from './linear.js';
import { elementsOf } from '../onnx/matrix.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';
import { projectionOf } from './projection.js';
import { spelledOutHeads } from './spelled-out-attention.js';
import type { Sublayer } from './sublayer.js';
import type { Units, UnitSlice, Unrecognised } from './units.js';

/** The heads of an attention sublayer: spelled out in standard operators, or fused by onnxruntime's optimizer. */
export function attentionHeads(graph: Graph, sublayer: Sublayer): Units | Unrecognised {
  const foreign = readOutside(graph, sublayer);
  if (foreign !== undefined) return { reason: `its inner values are read by ${foreign.opType}` };
  const packed = sublayer.inner.find((node) => isMicrosoft(node, 'Attention'));
  if (packed !== undefined) return packedHeads(graph, sublayer, packed);
  const projections = sublayer.inner.flatMap((node) => linearAt(graph, node) ?? []);
  const wrong = projectionsProblem(projections, sublayer);
  if (wrong !== undefined) return { reason: wrong };
  const joined = sublayer.inner.find((node) => isMicrosoft(node, 'MultiHeadAttention'));
  return joined === undefined
    ? spelledOutHeads(graph, sublayer, projections)
    : joinedHeads(graph, { sublayer, projections, node: joined });
}

function projectionsProblem(
  projections: readonly Linear[],
  { input, last }: Sublayer,
): string | undefined {
  if (projections.some((linear) => linear.input !== input)) {
    return 'it projects something beside its input, as relative positions are';
  }
  if (projections.length !== 3) {
    return `${projections.length} linear maps lead into it, expected query, key and value`;
  }
  return projections.some((linear) => linear.to !== last?.from)
    ? 'query, key and value are not as wide as its output'
    : undefined;
}

/** com.microsoft Attention: one matrix for query, key and value. */
function packedHeads(
  graph: Graph,
  { input, last, inner }: Sublayer,
  node: NodeMessage,
): Units | Unrecognised {
  const weight = graph.floats(node.input[1]);
  const count = intOf(node, 'num_heads') ?? 0;
  const width = last?.from ?? 0;
  if (
    inner.length > 1 ||
    node.input[0] !== input ||
    weight?.dims.length !== 2 ||
    weight.dims[1] !== 3 * width ||
    !isHeadCount(count, width) ||
    // Past keys, a bias of the scores or widths that differ: all of them count heads in other places.
    node.input.slice(4).some((name) => name !== '') ||
    attributeOf(node, 'qkv_hidden_sizes') !== undefined
  ) {
    return { reason: 'its Attention has inputs or attributes that are not expected' };
  }
  const slices: UnitSlice[] = [{ node, place: 1, axis: 1, blocks: 3 }];
  const bias = graph.floats(node.input[2]);
  if (bias !== undefined) slices.push({ node, place: 2, axis: 0, blocks: 3 });
  slices.push({ node: last!.node, place: 1, axis: 0, blocks: 1 });
  return { count, size: width / count, slices, shapes: [], counted: node };
}

/** com.microsoft MultiHeadAttention: query, key and value come from linear maps of their own. */
function joinedHeads(
  graph: Graph,
  {
    sublayer,
    projections,
    node,
  }: { sublayer: Sublayer; projections: readonly Linear[]; node: NodeMessage },
): Units | Unrecognised {
  const last = sublayer.last!;
  const count = intOf(node, 'num_heads') ?? 0;
  const found = projections.map((linear) => projectionOf(graph, linear));
  const values = found.map(({ value }) => value);
  const own = new Set([...found.flatMap(({ nodes }) => nodes), node]);
  const slices = found.flatMap((projection) => projection.slices);
  const bias = graph.floats(node.input[3]);
  if (bias !== undefined) slices.push({ node, place: 3, axis: 0, blocks: 3 });
  if (
    !isHeadCount(count, last.from) ||
    node.input.slice(0, 3).some((name) => !values.includes(name)) ||
    sublayer.inner.some((other) => !own.has(other)) ||
    (bias !== undefined && elementsOf(bias) !== 3 * last.from) ||
    node.input.slice(5).some((name) => name !== '')
  ) {
    return { reason: 'its MultiHeadAttention has inputs that are not expected' };
  }
  slices.push({ node: last.node, place: 1, axis: 0, blocks: 1 });
  return { count, size: last.from / count, slices, shapes: [], counted: node };
}

function isHeadCount(count: number, width: number): boolean {
  return count > 0 && width > 0 && width % count === 0;
}
