import { BoundAtArrivalScheduler } from './bound-at-arrival.js';
import type { Policy } from './policy.js';

/** Every variant in turn, whatever the budget: a load balancer before servers of one model each. */
export const roundRobin: Policy = {
  name: 'round-robin',
  create: (options) => {
    let turn = 0;
    return new BoundAtArrivalScheduler(
      options,
      (_, variants) => variants[turn++ % variants.length]!,
    );
  },
};
