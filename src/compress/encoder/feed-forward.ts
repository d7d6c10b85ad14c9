import { isMicrosoft, type Graph } from '../onnx/graph.js';
import { linearAt } from './linear.js';
import { elementsOf } from '../onnx/matrix.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';
import type { Sublayer } from './sublayer.js';
import type { Units, UnitSlice, Unrecognised } from './units.js';

/** Operators that treat every channel by itself. */
const CHANNELWISE = new Set(
  `Abs Add Cast Clip Div Erf Exp Gelu HardSigmoid HardSwish Max Min Mish Mul Neg Pow Reciprocal Relu Sigmoid Softplus
   Sqrt Sub Tanh Where BiasGelu FastGelu QuickGelu`.split(/\s+/),
);

/**
 * The channels of a feed-forward net: one or more linear maps of the input, whatever is done to each channel by itself, and
 * the last linear map. So any activation is recognised, spelled out or fused, and gated ones too.
 */
export function feedForwardUnits(graph: Graph, sublayer: Sublayer): Units | Unrecognised {
  const { input, last, inner } = sublayer;
  if (last === undefined) return { reason: 'nothing of it is left' };
  const channels = last.from;
  const slices: UnitSlice[] = [{ node: last.node, place: 1, axis: 0, blocks: 1 }];
  let maps = 0;
  for (const node of inner) {
    const linear = linearAt(graph, node);
    if (linear !== undefined) {
      if (linear.input !== input || linear.to !== channels) return { reason: unlike(node) };
      slices.push({ node, place: 1, axis: 1, blocks: 1 });
      maps += 1;
      continue;
    }
    const found = channelSlices(graph, node, { input, channels });
    if (found === undefined) return { reason: unlike(node) };
    slices.push(...found);
  }
  const foreign = readOutside(graph, sublayer);
  if (foreign !== undefined) return { reason: `its inner values are read by ${foreign.opType}` };
  return maps === 0
    ? { reason: 'no linear map leads into it' }
    : { count: channels, size: 1, slices, shapes: [] };
}

function unlike(node: NodeMessage): string {
  return `it holds ${node.opType}, which does not treat each channel by itself`;
}

/** The node's own vectors of one number a channel; undefined if it is not known to treat each channel by itself. */
function channelSlices(
  graph: Graph,
  node: NodeMessage,
  { input, channels }: { input: string; channels: number },
): UnitSlice[] | undefined {
  if (!CHANNELWISE.has(node.opType) || node.input.includes(input)) return undefined;
  const slices: UnitSlice[] = [];
  for (const [place, name] of node.input.entries()) {
    const constant = graph.constants.get(name);
    const elements = constant === undefined ? 1 : elementsOf(constant);
    if (constant === undefined || elements === 1) continue;
    const axis = constant.dims.length - 1;
    if (elements !== channels || constant.dims[axis] !== channels) return undefined;
    slices.push({ node, place, axis, blocks: 1 });
  }
  return slices;
}

/** A node beyond the sublayer that reads one of its inner values; the shape of one may be read. */
export function readOutside(graph: Graph, { inner, last }: Sublayer): NodeMessage | undefined {
  const own = new Set<NodeMessage | undefined>([...inner, last?.node]);
  for (const node of inner) {
    for (const value of node.output) {
      if (graph.isOutput(value)) return node;
      const foreign = graph
        .readers(value)
        .find((reader) => !own.has(reader) && reader.opType !== 'Shape');
      if (foreign !== undefined) return foreign;
    }
  }
  return undefined;
}

/** True if a sublayer mixes tokens, and so is an attention. */
export function mixesTokens({ inner }: Sublayer): boolean {
  return inner.some(
    (node) =>
      node.opType === 'Softmax' ||
      isMicrosoft(node, 'Attention') ||
      isMicrosoft(node, 'MultiHeadAttention'),
  );
}
