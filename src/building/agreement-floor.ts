import type { Recipe } from '../compress/recipe.js';
import type { Card } from '../registry/card.js';
import { isCut } from './card-recipe.js';

/** Entity F1 against the parent below which a build does not pass, unless its caller says another. */
export interface AgreementFloors {
  /** Where only the precision changes. */
  readonly precision: number;
  readonly cut: number;
}

const FLOORS: AgreementFloors = { precision: 0.97, cut: 0.8 };

/** The floor for a recipe: a cut may change more answers than another precision. */
export function defaultFloor(recipe: Recipe, parent: Card, floors = FLOORS): number {
  const { layers } = parent.recipe;
  const parentLayers = Array.isArray(layers) ? layers.length : undefined;
  return isCut(recipe, parentLayers) ? floors.cut : floors.precision;
}
