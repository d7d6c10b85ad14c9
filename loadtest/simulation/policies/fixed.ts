import { schedulerOf, type Policy } from './policy.js';

/** One variant answers everything, as when a server holds one model. */
export function fixed(variant: string): Policy {
  return {
    name: `fixed ${variant}`,
    start: ({ variants, workers }) =>
      schedulerOf({ variants: variants.filter(({ name }) => name === variant), workers }),
  };
}
