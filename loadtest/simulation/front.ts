import type { SchedulableVariant } from '../../src/scheduling/task.js';

/**
 * A front of four as the model family gives it, best first: F1 and run time in ms of a bare run on one core with
 * AVX512-VNNI. The simulator's default, so that its figures do not depend on the host that it runs on.
 */
export const frontOfFour: readonly SchedulableVariant[] = [
  { name: 'full', quality: 0.883, profile: { a: 1.1, b: 0.165, c: 0 } },
  { name: 'full-int8', quality: 0.881, profile: { a: 0.55, b: 0.034, c: 0 } },
  { name: 'distilled-int8', quality: 0.873, profile: { a: 0.35, b: 0.0195, c: 0 } },
  { name: 'tiny-int8', quality: 0.84, profile: { a: 0.2, b: 0.008, c: 0 } },
];
