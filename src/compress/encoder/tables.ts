import { intOf } from '../onnx/attributes.js';
import { isMicrosoft, isOperator, type Constant, type Graph } from '../onnx/graph.js';
import { linearAt } from './linear.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';

export interface WordTable {
  readonly node: NodeMessage;
  readonly table: Constant;
}

/** The Gather from the table with the most rows among those that an input of the graph indexes directly. */
export function wordTable(graph: Graph): WordTable | undefined {
  let best: WordTable | undefined;
  for (const node of graph.nodes) {
    if (!isOperator(node, 'Gather') || (intOf(node, 'axis') ?? 0) !== 0) continue;
    const table = graph.floats(node.input[0]);
    if (table?.dims.length !== 2 || table.dims[1]! < 2 || !isInput(graph, node.input[1]!)) continue;
    if (best === undefined || table.dims[0]! > best.table.dims[0]!) best = { node, table };
  }
  return best;
}

function isInput(graph: Graph, value: string): boolean {
  const producer = graph.producer(value);
  if (producer === undefined) return !graph.constants.has(value);
  return isOperator(producer, 'Cast') && graph.producer(producer.input[0]!) === undefined;
}

/** True if the embeddings are within one fused operator, whose tables stay as they are. */
export function hasFusedEmbeddings(graph: Graph): boolean {
  return graph.nodes.some((node) => isMicrosoft(node, 'EmbedLayerNormalization'));
}

/** Operators through which an output is followed back to the linear map that makes it. */
const BESIDE_THE_POINT = new Set(
  'Add Cast Identity Reshape Squeeze Unsqueeze Transpose'.split(' '),
);

/** The linear maps whose results are outputs of the graph: they are small, and what they lose is seen at once. */
export function classifiers(graph: Graph): ReadonlySet<NodeMessage> {
  const found = new Set<NodeMessage>();
  const waiting = graph.outputs.map(({ name }) => name);
  const seen = new Set(waiting);
  for (let i = 0; i < waiting.length; i += 1) {
    const producer = graph.producer(waiting[i]!);
    if (producer === undefined) continue;
    if (linearAt(graph, producer) !== undefined) found.add(producer);
    else if (BESIDE_THE_POINT.has(producer.opType)) {
      for (const name of producer.input.filter((value) => !seen.has(value))) {
        seen.add(name);
        waiting.push(name);
      }
    }
  }
  return found;
}
