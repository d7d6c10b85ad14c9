import { DataType } from '../onnx/data-type.js';
import { isOperator, type Graph } from '../onnx/graph.js';
import type { Linear } from './linear.js';
import { elementsOf } from '../onnx/matrix.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';
import { projectionOf } from './projection.js';
import { targetOf } from './reshape-target.js';
import type { Sublayer } from './sublayer.js';
import type { Units, UnitShape, UnitSlice, Unrecognised } from './units.js';

/** Operators between the projections and the output that treat every head alike and by itself. */
const HEADWISE = new Set(
  'Add Cast Clip Div IsNaN MatMul Mul Neg Softmax Sqrt Squeeze Sub Transpose Unsqueeze Where'.split(
    ' ',
  ),
);
/** A mask is computed by some dozens of nodes. */
const MOST_NODES_OF_MASK = 500;

/**
 * The heads of an attention in standard operators: query, key and value are reshaped to [.., heads, size], and the context
 * back to [.., heads * size]. The numbers of these shapes may be constants (then they are changed) or computed, or -1.
 */
export function spelledOutHeads(
  graph: Graph,
  sublayer: Sublayer,
  projections: readonly Linear[],
): Units | Unrecognised {
  const width = sublayer.last!.from;
  const slices: UnitSlice[] = [];
  const splits = new Set<NodeMessage>();
  const done = new Set<NodeMessage>();
  for (const linear of projections) {
    const { value, nodes, slices: own } = projectionOf(graph, linear);
    slices.push(...own);
    for (const node of nodes) done.add(node);
    const readers = graph.readers(value).filter(({ opType }) => opType !== 'Shape');
    if (readers.length !== 1 || !isOperator(readers[0], 'Reshape')) {
      return { reason: 'query, key and value are not reshaped into heads' };
    }
    splits.add(readers[0]!);
  }
  slices.push({ node: sublayer.last!.node, place: 1, axis: 0, blocks: 1 });

  const size = headSize(graph, [...splits], width);
  if (size === undefined) return { reason: 'the shape of its heads is not to be seen' };
  const shapes: UnitShape[] = [];
  for (const node of sublayer.inner) {
    if (done.has(node)) continue;
    if (isOperator(node, 'Reshape')) {
      const role = splits.has(node)
        ? 'split'
        : node.output[0] === sublayer.last!.input
          ? 'merge'
          : 'within';
      const found = countsIn(targetOf(graph, node), { role, size, count: width / size });
      if (found === undefined)
        return { reason: 'it reshapes its heads in a way that is not known' };
      shapes.push(...found.map((shape) => ({ ...shape, node })));
    } else if (!HEADWISE.has(node.opType) || !readsNoHeads(graph, node, sublayer)) {
      return { reason: `it holds ${node.opType} in a place that is not known` };
    }
  }
  return { count: width / size, size, slices, shapes };
}

/** From the shapes that query, key and value are given; undefined if they differ or do not tell it. */
function headSize(graph: Graph, splits: readonly NodeMessage[], width: number): number | undefined {
  const sizes = new Set(
    splits.map((reshape) => {
      const [count, size] = targetOf(graph, reshape)?.slice(-2) ?? [];
      if (size !== undefined && size > 0) return size;
      return count !== undefined && count > 0 ? width / count : undefined;
    }),
  );
  const [size] = sizes;
  const fits = sizes.size === 1 && size !== undefined && Number.isInteger(size);
  return fits && width % size === 0 ? size : undefined;
}

/** The numbers of a target shape that count heads; undefined if one stands where it cannot be told what it is. */
function countsIn(
  target: readonly (number | undefined)[] | undefined,
  { role, size, count }: { role: 'split' | 'merge' | 'within'; size: number; count: number },
): Omit<UnitShape, 'node'>[] | undefined {
  if (target === undefined || (role === 'within' && target.length < 3)) return undefined;
  // Heads come before their channels in the split shape, and before tokens and channels ever after.
  const at = role === 'split' ? target.length - 2 : role === 'merge' ? target.length - 1 : 1;
  const found: Omit<UnitShape, 'node'>[] = [];
  for (const [index, number] of target.entries()) {
    if (number === undefined || number <= 0) continue;
    if (role === 'merge' && index === at && number === count * size) {
      found.push({ index, counts: 'channels' });
    } else if (role !== 'merge' && target.length === 4 && index === at && number === count) {
      found.push({ index, counts: 'units' });
    } else if (number !== size || index === 0 || role === 'merge') {
      return undefined;
    }
  }
  return found;
}

/** True if what a node reads beside the sublayer's own values has nothing of its own for each head. */
function readsNoHeads(graph: Graph, node: NodeMessage, { input, inner }: Sublayer): boolean {
  if (node.input.includes(input)) return false;
  const own = new Set(inner.flatMap(({ output }) => output));
  const waiting = node.input.filter((name) => !own.has(name));
  const seen = new Set<string>(waiting);
  for (let i = 0; i < waiting.length; i += 1) {
    const value = waiting[i]!;
    const constant = graph.constants.get(value);
    if (constant !== undefined) {
      // Integers are shapes and axes; a table of floats may have a row or a column a head.
      if (constant.dataType !== DataType.int64 && elementsOf(constant) > 1) return false;
      continue;
    }
    const producer = graph.producer(value);
    if (producer === undefined || isOperator(producer, 'Shape')) continue;
    for (const name of producer.input) {
      if (seen.has(name)) continue;
      seen.add(name);
      waiting.push(name);
    }
    if (waiting.length > MOST_NODES_OF_MASK) return false;
  }
  return true;
}
