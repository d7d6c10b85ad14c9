/** The shapes that a fit may try: what of a parent stays. Pure. */

import type { Recipe } from '../compress/recipe.js';
import type { Card } from '../registry/card.js';

export interface Shape {
  /** Undefined: all of them. */
  readonly layers: readonly number[] | undefined;
  readonly ffn: number;
  readonly heads: number;
}

export type Axis = 'layers' | 'ffn' | 'heads';

/** What may vary; an axis that the parent does not have is empty. */
export interface Axes {
  /** Of the parent; 0 where its layers were not recognised. */
  readonly layerCount: number;
  /** Without the whole. */
  readonly layers: readonly (readonly number[])[];
  readonly ffn: readonly number[];
  readonly heads: readonly number[];
}

const SHARES = [0.75, 0.5, 0.25];
/** Depths that are tried, as sixths of the layers. */
const DEPTHS = [5, 4, 3, 2, 1];

/** The cuts that an elastic parent was trained with; of others, even steps. */
export function axesOf(elastic: Card['elastic'], layerCount: number): Axes {
  const trained = elastic?.trained;
  const part = (shares: readonly number[]): number[] =>
    layerCount === 0 ? [] : shares.filter((share) => share < 1);
  return {
    layerCount,
    layers: (trained?.layers ?? evenDepths(layerCount)).filter((set) => set.length < layerCount),
    ffn: part(trained?.ffn ?? SHARES),
    heads: part(trained?.heads ?? SHARES),
  };
}

function evenDepths(count: number): number[][] {
  const depths = new Set(DEPTHS.map((sixths) => Math.round((count * sixths) / 6)));
  return [...depths]
    .filter((depth) => depth >= 1 && depth < count)
    .map((depth) => Array.from({ length: depth }, (_, i) => Math.floor((i * count) / depth)));
}

/** Every combination of the axes, the whole included. */
export function shapesOf({ layers, ffn, heads }: Axes): Shape[] {
  return [undefined, ...layers].flatMap((kept) =>
    [1, ...ffn].flatMap((channels) =>
      [1, ...heads].map((head) => ({ layers: kept, ffn: channels, heads: head })),
    ),
  );
}

/** The cut of one axis that tells most of it: about half. */
export function probeOf(axes: Axes, axis: Axis): Shape | undefined {
  const whole: Shape = { layers: undefined, ffn: 1, heads: 1 };
  if (axis === 'layers') {
    const half = nearest(axes.layers, (set) => set.length / axes.layerCount);
    return half && { ...whole, layers: half };
  }
  const half = nearest(axes[axis], (share) => share);
  return half === undefined ? undefined : { ...whole, [axis]: half };
}

function nearest<T>(values: readonly T[], shareOf: (value: T) => number): T | undefined {
  const distance = (value: T): number => Math.abs(shareOf(value) - 0.5);
  return [...values].sort((a, b) => distance(a) - distance(b))[0];
}

/** Share of each axis that stays. */
export function keptOf(shape: Shape, layerCount: number): Readonly<Record<Axis, number>> {
  const { layers, ffn, heads } = shape;
  return { layers: layers === undefined ? 1 : layers.length / layerCount, ffn, heads };
}

export function recipeOfShape(shape: Shape, precision: Recipe['precision']): Recipe {
  const { layers, ffn, heads } = shape;
  return {
    ...(precision === undefined ? {} : { precision }),
    ...(layers === undefined ? {} : { layers: [...layers] }),
    ...(ffn < 1 ? { ffn } : {}),
    ...(heads < 1 ? { heads } : {}),
  };
}
