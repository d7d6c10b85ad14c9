import type { Recipe } from '../compress/recipe.js';

const LONGEST = 64;

/** A name for what a recipe makes of a parent, such as `full-l024-ffn75-int8`; may be taken. */
export function nameOfBuild(parent: string, recipe: Recipe): string {
  const { layers, ffn = 1, heads = 1, precision, weightBits, embeddings } = recipe;
  const percent = (share: number): string => String(Math.round(share * 1000) / 10);
  const parts = [
    ...(layers === undefined ? [] : [`l${layers.join(Math.max(...layers) > 9 ? '.' : '')}`]),
    ...(ffn < 1 ? [`ffn${percent(ffn)}`] : []),
    ...(heads < 1 ? [`heads${percent(heads)}`] : []),
    ...(precision === undefined ? [] : [precision]),
    ...(weightBits === 7 ? ['7bit'] : []),
    ...(embeddings === undefined ? [] : [`emb-${embeddings}`]),
  ];
  return [parent, ...(parts.length === 0 ? ['copy'] : parts)].join('-').slice(0, LONGEST);
}
