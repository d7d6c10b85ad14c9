import { computeInHalves } from './passes/compute-halves.js';
import { quoted } from './compress-error.js';
import { classifiers, wordTable } from './encoder/tables.js';
import type { Graph } from './onnx/graph.js';
import { elementsOf } from './onnx/matrix.js';
import type { NodeMessage } from './onnx/onnx-schema.js';
import { quantizeBlocks } from './passes/quantize-blocks.js';
import { quantizeEmbeddings } from './passes/quantize-embeddings.js';
import { quantizeProducts } from './passes/quantize-products.js';
import { storeFloats, storeHalves } from './passes/store-floats.js';
import type { FullRecipe } from './recipe.js';

export interface PrecisionPass {
  readonly notes: string[];
  /** False where the precision stays that of the parent. */
  readonly changes: boolean;
  readonly onDone: (weights: number) => void;
}

/** Stores, or computes with, the precision that a recipe asks for. Returns the number of quantized products. */
export function changePrecision(graph: Graph, recipe: FullRecipe, pass: PrecisionPass): number {
  const { notes, changes, onDone } = pass;
  if (recipe.embeddings === 'int8') {
    const words = wordTable(graph)!;
    quantizeEmbeddings(graph, words);
    onDone(elementsOf(words.table));
    graph.dropUnread();
  }
  if (!changes) return 0;
  const kept = classifiers(graph);
  let products = 0;
  switch (recipe.precision) {
    case 'int8':
      products = quantizeProducts(graph, { bits: recipe.weightBits ?? 8, kept, onDone });
      notes.push(...leftInFloat(graph, kept));
      break;
    case 'w8':
    case 'w4':
      products = quantizeBlocks(graph, { bits: recipe.precision === 'w8' ? 8 : 4, kept, onDone });
      notes.push(...leftInFloat(graph, kept));
      break;
    case 'fp16-stored':
      for (const name of storeHalves(graph, onDone)) {
        notes.push(`a tensor holds numbers too large for fp16 and stays fp32: ${quoted(name)}`);
      }
      break;
    case 'fp16-compute':
      computeInHalves(graph, onDone);
      break;
    case 'fp32':
      storeFloats(graph, onDone);
      break;
  }
  return products;
}

/** Nodes with weights of their own that no pass knows, by operator. */
function leftInFloat(graph: Graph, kept: ReadonlySet<NodeMessage>): string[] {
  const counts = new Map<string, number>();
  for (const node of graph.nodes) {
    if (kept.has(node) || !WITH_WEIGHTS.has(node.opType)) continue;
    const hasMatrix = node.input.some((name) => graph.floats(name)?.dims.length === 2);
    if (hasMatrix) counts.set(node.opType, (counts.get(node.opType) ?? 0) + 1);
  }
  return [...counts].map(
    ([operator, count]) =>
      `left in float, because it is not known how to quantize it: ${operator} (${count})`,
  );
}

const WITH_WEIGHTS = new Set('MatMul Gemm FusedMatMul Attention'.split(' '));
