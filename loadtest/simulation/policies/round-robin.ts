import { boundAtArrival, type Policy } from './policy.js';

/** Every variant in turn, whatever the budget: a load balancer before servers of one model each. */
export const roundRobin: Policy = {
  name: 'round-robin',
  start: (setup) => {
    let turn = 0;
    return boundAtArrival(setup, () => setup.variants[turn++ % setup.variants.length]!);
  },
};
