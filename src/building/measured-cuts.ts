import { z } from 'zod';
import type { FullRecipe } from '../compress/recipe.js';
import type { Card } from '../registry/card.js';

const ofPrecision = z.object({ f1: z.record(z.string(), z.number().min(0).max(1)) });

/** `evaluation.cuts` of a card, as `scripts.elastic_cuts` measures it. */
const cutsSchema = z.object({
  cuts: z.object({
    cuts: z.array(
      z.object({
        layers: z.array(z.int()),
        heads: z.number(),
        ffn: z.number(),
        fp32: ofPrecision,
        int8: ofPrecision,
      }),
    ),
  }),
});

/** Which measured precision a recipe comes to: those whose weights are rounded alike. */
const MEASURED_AS: Partial<Record<FullRecipe['precision'], 'fp32' | 'int8'>> = {
  int8: 'int8',
  'fp16-stored': 'fp32',
  fp32: 'fp32',
};

/**
 * The entity F1 that a parent's card tells of this very cut of it, on the split of its own quality; undefined where
 * nobody measured that.
 */
export function measuredCutF1(parent: Card, recipe: FullRecipe): number | undefined {
  const measured = cutsSchema.safeParse(parent.evaluation);
  const precision = MEASURED_AS[recipe.precision];
  const { quality } = parent;
  if (!measured.success || precision === undefined || quality?.measure !== 'entity_f1') {
    return undefined;
  }
  // Measured were int8 files of 8 bits with their embeddings in int8, and float files without.
  const embeddings = precision === 'int8' ? 'int8' : 'float';
  if (recipe.weightBits === 7 || recipe.embeddings !== embeddings) return undefined;
  const layers = recipe.layers?.join();
  const cut = measured.data.cuts.cuts.find(
    (each) =>
      each.layers.join() === layers && each.heads === recipe.heads && each.ffn === recipe.ffn,
  );
  return cut?.[precision].f1[quality.split];
}
