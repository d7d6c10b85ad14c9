import { computeInHalves } from './compute-halves.js';
import { cutLayers } from './cut-layers.js';
import { cutUnits } from './cut-units.js';
import { describeGraph, openModel } from './describe-model.js';
import { encoderOf } from './encoder.js';
import type { Graph } from './graph.js';
import { elementsOf } from './matrix.js';
import { DataType } from './data-type.js';
import { DEFAULT_LIMITS, type ModelLimits } from './model-limits.js';
import { updateProperties } from './model-properties.js';
import type { NodeMessage } from './onnx-schema.js';
import { quantizeBlocks } from './quantize-blocks.js';
import { quantizeEmbeddings } from './quantize-embeddings.js';
import { quantizeProducts } from './quantize-products.js';
import { checkRecipe, type FullRecipe, type Recipe } from './recipe.js';
import { storeFloats, storeHalves } from './store-floats.js';
import { classifiers, wordTable } from './tables.js';
import { keptUnits, type UnitOrder } from './unit-order.js';
import { unfoldWidening } from './widening.js';
import { writeModel } from './write-model.js';

export interface CompressOptions {
  readonly limits?: ModelLimits;
  /** Which units matter most, if the parent's card tells it; else the norms of their weights decide. */
  readonly order?: UnitOrder;
  /** Called with the share that is done, 0 to 1, after each matrix. */
  readonly onProgress?: (share: number) => void;
}

export interface CompressedModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly recipe: FullRecipe;
  /** What was not recognised and so left as it is. */
  readonly notes: readonly string[];
  /** Weights of the new model, counted before quantization. */
  readonly parameters: number;
  readonly removed: { readonly layers: number; readonly heads: number; readonly channels: number };
  /** Products that became products of integers. */
  readonly quantized: number;
}

/**
 * Makes a smaller model of an ONNX file. The file may come from anywhere: it is checked before anything is done with it.
 * `bytes` are not changed. Throws ModelError if the model is refused, RecipeError if it cannot be changed so.
 */
export function compressModel(
  bytes: Uint8Array,
  recipe: Recipe,
  options: CompressOptions = {},
): CompressedModel {
  const graph = openModel(bytes, options.limits ?? DEFAULT_LIMITS);
  const encoder = encoderOf(graph);
  const model = describeGraph(graph, encoder);
  const full = checkRecipe(recipe, model);
  const kept = keptUnits(graph, { encoder, recipe: full, order: options.order });

  const removed = { layers: 0, heads: 0, channels: 0 };
  for (const { layer, heads, ffn } of kept) {
    const units = encoder.layers[layer]!;
    if (heads !== undefined && units.heads !== undefined) {
      removed.heads += units.heads.count - heads.length;
      cutUnits(graph, units.heads, heads);
    }
    if (ffn !== undefined && units.ffn !== undefined) {
      removed.channels += units.ffn.count - ffn.length;
      cutUnits(graph, units.ffn, ffn);
    }
  }
  if (full.layers !== undefined) {
    removed.layers = model.layers.length - full.layers.length;
    cutLayers(graph, encoder.layers, full.layers);
  }
  graph.dropUnread();
  const parameters = weightsOf(graph);

  const notes = [...model.notes];
  const quantized = changePrecision(graph, full, {
    notes,
    changes: recipe.precision !== undefined,
    onDone: progressOf(parameters, options.onProgress),
  });
  graph.dropUnread();
  const sizes = model.layers.map((description, layer) => {
    const cut = kept.find((one) => one.layer === layer);
    return {
      heads: cut?.heads?.length ?? description.heads,
      ffn: cut?.ffn?.length ?? description.ffn,
    };
  });
  updateProperties(graph, full, sizes);
  unfoldWidening(graph);
  graph.renameDoubles();
  const made = writeModel(graph);
  options.onProgress?.(1);
  return { bytes: made, recipe: full, notes, parameters, removed, quantized };
}

function weightsOf(graph: Graph): number {
  let weights = 0;
  for (const constant of graph.constants.values()) {
    // A single number is a mask, a scale or an epsilon.
    const isWeight = constant.dataType !== DataType.int64 && elementsOf(constant) > 1;
    if (isWeight) weights += elementsOf(constant);
  }
  return weights;
}

function progressOf(total: number, onProgress?: (share: number) => void): (n: number) => void {
  let done = 0;
  return (weights) => {
    done += weights;
    // Writing the file comes after.
    onProgress?.(0.95 * Math.min(1, done / Math.max(1, total)));
  };
}

interface PrecisionPass {
  readonly notes: string[];
  /** False where the precision stays that of the parent. */
  readonly changes: boolean;
  readonly onDone: (weights: number) => void;
}

/** Returns the number of quantized products. */
function changePrecision(graph: Graph, recipe: FullRecipe, pass: PrecisionPass): number {
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
        notes.push(
          `a tensor holds numbers too large for fp16 and stays fp32: ${name.slice(0, 80)}`,
        );
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
