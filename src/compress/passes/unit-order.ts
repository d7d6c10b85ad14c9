import { RecipeError } from '../compress-error.js';
import type { Encoder } from '../encoder/encoder.js';
import type { Graph } from '../onnx/graph.js';
import { readFloats } from '../onnx/matrix.js';
import type { FullRecipe } from '../recipe.js';
import type { Units } from '../encoder/units.js';

/** The most important units first, as the card of an elastic model tells them; a missing list means the stored order. */
export interface LayerOrder {
  readonly heads?: readonly number[] | undefined;
  readonly ffn?: readonly number[] | undefined;
}

/** One a layer of the parent; `stored` where all layers hold their units in that order already. */
export type UnitOrder = 'stored' | readonly LayerOrder[];

/** The units that stay, in the order in which they are stored. */
export function mostImportant(order: Iterable<number>, count: number): number[] {
  return [...order].slice(0, count).sort((a, b) => a - b);
}

export function unitsThatStay(share: number, count: number): number {
  return Math.max(1, Math.round(share * count));
}

/** The units by the norm of all weights that make and read them, the largest first; of equal ones the first. */
export function byWeightNorm(graph: Graph, units: Units): number[] {
  const squares = new Float64Array(units.count);
  for (const { node, place, axis, blocks } of units.slices) {
    const constant = graph.floats(node.input[place]);
    if (constant?.dims.length !== 2) continue;
    const [rows, columns] = constant.dims as [number, number];
    const width = constant.dims[axis]! / blocks;
    const row = new Float32Array(columns);
    for (let r = 0; r < rows; r += 1) {
      readFloats(constant, r * columns, row);
      for (let c = 0; c < columns; c += 1) {
        const channel = (axis === 0 ? r : c) % width;
        squares[Math.floor(channel / units.size)]! += row[c]! * row[c]!;
      }
    }
  }
  // A weight that is no number must not make the order of all others random.
  const norms = squares.map((square) => (Number.isNaN(square) ? -1 : square));
  return Array.from(norms.keys()).sort((a, b) => norms[b]! - norms[a]! || a - b);
}

export interface KeptUnits {
  /** Of the parent. */
  readonly layer: number;
  /** Undefined where all stay. */
  readonly heads: readonly number[] | undefined;
  readonly ffn: readonly number[] | undefined;
}

/** Which units of each layer that stays are kept. Throws RecipeError if the order given does not fit the model. */
export function keptUnits(
  graph: Graph,
  {
    encoder,
    recipe,
    order,
  }: { encoder: Encoder; recipe: FullRecipe; order: UnitOrder | undefined },
): KeptUnits[] {
  return (recipe.layers ?? []).map((layer) => {
    const [heads, ffn] = (['heads', 'ffn'] as const).map((key) => {
      const units = encoder.layers[layer]![key];
      if (recipe[key] === 1 || units === undefined || units.count === 0) return undefined;
      const count = unitsThatStay(recipe[key], units.count);
      if (count === units.count) return undefined;
      return mostImportant(orderOf(graph, units, { order, layer, key }), count);
    });
    return { layer, heads, ffn };
  });
}

function orderOf(
  graph: Graph,
  units: Units,
  { order, layer, key }: { order: UnitOrder | undefined; layer: number; key: 'heads' | 'ffn' },
): readonly number[] {
  if (order === undefined) return byWeightNorm(graph, units);
  const told = order === 'stored' ? undefined : order[layer]?.[key];
  if (told === undefined) return Array.from({ length: units.count }, (_, unit) => unit);
  const isOrder =
    told.length === units.count &&
    new Set(told).size === units.count &&
    told.every((unit) => Number.isInteger(unit) && unit >= 0 && unit < units.count);
  if (isOrder) return told;
  throw new RecipeError([
    {
      pointer: `/${key}`,
      detail: `the order of layer ${layer} does not name each of its ${units.count} units once`,
    },
  ]);
}
