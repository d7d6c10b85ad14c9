import type { Graph } from '../onnx/graph.js';
import type { FullRecipe } from '../recipe.js';
import type { LayerDescription } from '../describe-model.js';

/**
 * Brings the sizes that our own files tell in their metadata (`entier.*`, scripts/lab/onnx_graph.py) up to date; files
 * without them get none.
 */
export function updateProperties(
  graph: Graph,
  recipe: FullRecipe,
  layers: readonly LayerDescription[],
): void {
  const kept = (recipe.layers ?? []).map((layer) => layers[layer]!);
  const values: Record<string, string | undefined> = {
    'entier.layers': String(kept.length),
    'entier.heads': oneOrList(kept.map(({ heads }) => heads)),
    'entier.ffn': oneOrList(kept.map(({ ffn }) => ffn)),
    'entier.storage': recipe.precision === 'fp16-stored' ? 'fp16' : recipe.precision,
  };
  for (const entry of graph.model.metadataProps) entry.value = values[entry.key] ?? entry.value;
}

/** A single number where all layers have the same size, else one a layer; undefined where one is not known. */
function oneOrList(sizes: readonly (number | undefined)[]): string | undefined {
  if (sizes.length === 0 || sizes.includes(undefined)) return undefined;
  return new Set(sizes).size === 1 ? String(sizes[0]) : sizes.join(',');
}
