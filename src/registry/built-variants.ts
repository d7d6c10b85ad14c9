import type { Card } from './card.js';

/** What the cards of variants that a build made say of themselves, in `provenance.builtBy`. */
export const BUILT_BY = 'entier';

/** What the cards of models that somebody brought say, in `provenance.addedBy`. */
export const ADDED_BY = 'entier';

/** Whether a variant is a model that somebody brought as a folder, which is there still. */
export function wasAdded({ provenance }: Pick<Card, 'provenance'>): boolean {
  return provenance.addedBy === ADDED_BY;
}

/** Whether a variant was made by a build from its parent, so that it can be made again. */
export function wasBuilt({ provenance }: Pick<Card, 'provenance'>): boolean {
  return provenance.builtBy === BUILT_BY;
}
