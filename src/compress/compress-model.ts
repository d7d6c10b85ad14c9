import { changePrecision } from './change-precision.js';
import { cutLayers } from './passes/cut-layers.js';
import { cutUnits } from './passes/cut-units.js';
import { describeGraph, openModel, weightsOf } from './describe-model.js';
import { encoderOf } from './encoder/encoder.js';
import { DEFAULT_LIMITS, type ModelLimits } from './onnx/model-limits.js';
import { updateProperties } from './passes/model-properties.js';
import { checkRecipe, type FullRecipe, type Recipe } from './recipe.js';
import { keptUnits, type UnitOrder } from './passes/unit-order.js';
import { unfoldWidening } from './onnx/widening.js';
import { writeModel } from './onnx/write-model.js';

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
    // What computes in fp16 does so already.
    changes: recipe.precision !== undefined && model.precision !== 'fp16-compute',
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

function progressOf(total: number, onProgress?: (share: number) => void): (n: number) => void {
  let done = 0;
  return (weights) => {
    done += weights;
    // Writing the file comes after.
    onProgress?.(0.95 * Math.min(1, done / Math.max(1, total)));
  };
}
