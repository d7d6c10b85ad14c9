import type { Card } from './card.js';

/**
 * What routing compares within a family, 0 to 1. A model that nobody has evaluated counts as 1: what is made of it has
 * its agreement with it as quality, and so is less.
 */
export function routingQuality({ quality }: Pick<Card, 'quality'>): number {
  return quality?.value ?? 1;
}
