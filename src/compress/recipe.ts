import { z } from 'zod';
import type { FieldIssue } from '../errors.js';
import { RecipeError } from './compress-error.js';
import type { ModelDescription } from './describe-model.js';

export const PRECISIONS = ['int8', 'w8', 'w4', 'fp16-stored', 'fp16-compute', 'fp32'] as const;
export type Precision = (typeof PRECISIONS)[number];

const share = z.number().gt(0).max(1);

/** How a model is made smaller; what is not named stays as it is. */
export const recipeSchema = z.strictObject({
  precision: z
    .enum(PRECISIONS)
    .optional()
    .describe(
      'int8: dynamic, a scale a column; w8, w4: weights only, a scale for 32 of them; fp16-stored: halves the file; fp16-compute: for GPUs.',
    ),
  weightBits: z
    .literal([7, 8])
    .optional()
    .describe('Of int8: 7 for CPUs without VNNI, whose products of 8 bits may saturate.'),
  layers: z
    .array(z.int().min(0))
    .min(1, 'at least one layer must stay')
    .optional()
    .describe('The encoder layers that stay, counted from 0, in their order.'),
  ffn: share.optional().describe("Share of each layer's feed-forward channels that stays."),
  heads: share.optional().describe("Share of each layer's attention heads that stays."),
  embeddings: z
    .enum(['int8', 'float'])
    .optional()
    .describe(
      'The table of word embeddings; int8 (a scale a row) is the default with int8, w8 and w4.',
    ),
});

export type Recipe = z.infer<typeof recipeSchema>;

/** A recipe with everything said, as it stands on the card. */
export interface FullRecipe {
  /** `int8` and so on; the parent's own precision where nothing was asked. */
  readonly precision: Precision;
  readonly weightBits?: 7 | 8;
  /** Of the parent; absent if its layers were not recognised. */
  readonly layers?: readonly number[];
  readonly ffn: number;
  readonly heads: number;
  readonly embeddings: 'int8' | 'float';
}

/** Checks a recipe against what a model can do. Throws RecipeError with an issue for each wrong field. */
export function checkRecipe(recipe: unknown, model: ModelDescription): FullRecipe {
  const parsed = recipeSchema.safeParse(recipe);
  if (!parsed.success) {
    throw new RecipeError(
      parsed.error.issues.map(({ path, message }) => ({
        pointer: path.map((key) => `/${String(key)}`).join(''),
        detail: message,
      })),
    );
  }
  const issues = [
    ...precisionIssues(parsed.data, model),
    ...layerIssues(parsed.data, model),
    ...unitIssues(parsed.data, model),
  ];
  if (issues.length > 0) throw new RecipeError(issues);
  return completed(parsed.data, model);
}

function completed(recipe: Recipe, model: ModelDescription): FullRecipe {
  const precision = recipe.precision ?? model.precision;
  const byDefault =
    recipe.precision !== undefined && isQuantized(precision) && model.words !== undefined
      ? 'int8'
      : 'float';
  return {
    precision,
    ...(precision === 'int8' && recipe.precision !== undefined
      ? { weightBits: recipe.weightBits ?? 8 }
      : {}),
    ...(model.layers.length > 0
      ? { layers: recipe.layers ?? model.layers.map((_, index) => index) }
      : {}),
    ffn: recipe.ffn ?? 1,
    heads: recipe.heads ?? 1,
    embeddings: recipe.embeddings ?? byDefault,
  };
}

function isQuantized(precision: Precision): boolean {
  return precision === 'int8' || precision === 'w8' || precision === 'w4';
}

function precisionIssues(recipe: Recipe, model: ModelDescription): FieldIssue[] {
  const { precision, weightBits, embeddings } = recipe;
  const issues: FieldIssue[] = [];
  const add = (pointer: string, detail: string) => issues.push({ pointer, detail });
  if (isQuantized(model.precision) && precision !== undefined) {
    add(
      '/precision',
      `the model is ${model.precision} already; take the float model that it was made from`,
    );
  } else if (
    model.precision === 'fp16-compute' &&
    precision !== undefined &&
    precision !== 'fp16-compute'
  ) {
    add('/precision', 'the model computes in fp16; take the fp32 model that it was made from');
  } else if (precision !== undefined && isQuantized(precision) && model.matrices === 0) {
    add('/precision', 'no products with weights were recognised, so there is nothing to quantize');
  }
  if (weightBits !== undefined && precision !== 'int8') {
    add('/weightBits', 'goes with the precision int8 only');
  }
  if (embeddings === 'int8' && model.words === undefined) {
    add('/embeddings', 'no table of word embeddings in fp32 was recognised');
  }
  return issues;
}

function layerIssues({ layers }: Recipe, model: ModelDescription): FieldIssue[] {
  if (layers === undefined) return [];
  const count = model.layers.length;
  if (count === 0) {
    return [{ pointer: '/layers', detail: 'no encoder layers were recognised in this model' }];
  }
  if (model.hasHiddenOutputs && layers.length < count) {
    return [{ pointer: '/layers', detail: 'the output of a layer is an output of the model' }];
  }
  return layers.flatMap((layer, place) => {
    const pointer = `/layers/${place}`;
    if (layer >= count) {
      return [{ pointer, detail: `there is no layer ${layer}, the model has 0 to ${count - 1}` }];
    }
    return place > 0 && layer <= layers[place - 1]!
      ? [{ pointer, detail: 'layers must be named once each and in their order' }]
      : [];
  });
}

function unitIssues(recipe: Recipe, model: ModelDescription): FieldIssue[] {
  return (['heads', 'ffn'] as const).flatMap((key) => {
    if (recipe[key] === undefined || recipe[key] === 1) return [];
    const pointer = `/${key}`;
    if (model.layers.length === 0) {
      return [{ pointer, detail: 'no encoder layers were recognised in this model' }];
    }
    const stay = recipe.layers ?? model.layers.map((_, index) => index);
    const fixed = stay.filter((layer) => model.layers[layer]?.[key] === undefined);
    if (fixed.length === 0 || stay.some((layer) => model.layers[layer] === undefined)) return [];
    const why = model.notes.find((note) => note.startsWith(`layer ${fixed[0]!}: its `)) ?? '';
    return [{ pointer, detail: `cannot be cut in layer ${fixed.join(', ')}${why && ` (${why})`}` }];
  });
}
