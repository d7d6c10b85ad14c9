import { errors } from '../errors.js';
import { nameOfBuild } from '../building/variant-name.js';
import { precisionOfCard } from '../building/card-recipe.js';
import { recipeSchema, type Recipe } from '../compress/recipe.js';
import { variantName } from '../names.js';
import type { Card } from '../registry/card.js';
import type { FieldIssue } from '../errors.js';
import type { VariantEntry, VariantRegistry } from '../registry/variant-registry.js';

export type Parent = VariantEntry & { readonly card: Card; readonly modelPath: string };

/** The variant that something is to be made of: any whose files are there. Throws unknown_variant. */
export function parentOf(registry: VariantRegistry, name: string): Parent {
  const usable = registry.list().filter(isParent);
  const parent = usable.find((entry) => entry.name === name);
  if (parent === undefined) throw errors.unknownVariant(usable.map((entry) => entry.name));
  return parent;
}

/** The best variant of the default family that is not quantized. Throws a conflict where there is none. */
function bestParent(registry: VariantRegistry): Parent {
  const best = registry
    .active()
    .find(({ family, card }) => family === registry.defaultFamily && !isQuantized(card));
  if (best === undefined || !isParent(best))
    throw errors.conflict('No variant that serves is in floats, so there is nothing to compress.');
  return best;
}

/**
 * What a fit without a parent is made of: the best variant that serves in floats, and those of its family that were trained
 * to be cut, whose quality was measured as its was. Throws a conflict where nothing in floats serves.
 */
export function parentsToFit(registry: VariantRegistry): [Parent, ...Parent[]] {
  const best = bestParent(registry);
  const others = registry
    .list()
    .filter(isParent)
    .filter(
      ({ name, family, card }) =>
        name !== best.name &&
        family === best.family &&
        card.elastic !== undefined &&
        !isQuantized(card) &&
        isMeasuredAlike(card, best.card),
    );
  return [best, ...others];
}

/**
 * The recipe, if the parent's card does not speak against it; what only its file can tell the builder finds out.
 * Throws validation_failed with pointers below /recipe.
 */
export function checkedRecipe(recipe: unknown, { card }: Parent): Recipe {
  const parsed = recipeSchema.safeParse(recipe);
  if (!parsed.success) {
    throw errors.validationFailed(
      parsed.error.issues.map(({ path, message }) => ({
        pointer: ['/recipe', ...path.map(String)].join('/'),
        detail: message,
      })),
    );
  }
  const issues = issuesOf(parsed.data, card);
  if (issues.length > 0) throw errors.validationFailed(issues);
  return parsed.data;
}

/** A name that is free: the one that was asked for, or one made of the recipe. Throws validation_failed or conflict. */
export function freeName(
  registry: VariantRegistry,
  wanted: string | undefined,
  proposed: { readonly parent: string; readonly recipe: Recipe } | string,
): string {
  if (wanted !== undefined) {
    const { error } = variantName.safeParse(wanted);
    if (error !== undefined)
      throw errors.validationFailed([{ pointer: '/name', detail: error.issues[0]!.message }]);
    if (registry.get(wanted) !== undefined)
      throw errors.conflict(`There is a variant ${wanted} already; choose another name.`);
    return wanted;
  }
  const base =
    typeof proposed === 'string' ? proposed : nameOfBuild(proposed.parent, proposed.recipe);
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base.slice(0, 59)}-${count}`;
    if (registry.get(name) === undefined) return name;
  }
}

function isParent(entry: VariantEntry): entry is Parent {
  return entry.card !== undefined && entry.modelPath !== undefined && entry.state !== 'failed';
}

function isMeasuredAlike({ quality: one }: Card, { quality: other }: Card): boolean {
  if (one === null || other === null || one.source !== 'measured') return false;
  return one.measure === other.measure && one.split === other.split && one.source === other.source;
}

function isQuantized(card: Card): boolean {
  return ['int8', 'w8', 'w4'].includes(precisionOfCard(card) ?? '');
}

function issuesOf({ precision, layers }: Recipe, card: Card): FieldIssue[] {
  const issues: FieldIssue[] = [];
  if (precision !== undefined && isQuantized(card)) {
    const detail = `${card.name} is quantized already; take the variant that it was made of`;
    issues.push({ pointer: '/recipe/precision', detail });
  }
  const { layers: its } = card.recipe;
  if (layers === undefined || !Array.isArray(its)) return issues;
  layers.forEach((layer, place) => {
    if (layer < its.length) return;
    const detail = `${card.name} has the layers 0 to ${its.length - 1}`;
    issues.push({ pointer: `/recipe/layers/${place}`, detail });
  });
  return issues;
}
