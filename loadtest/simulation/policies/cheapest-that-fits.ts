import { runTimeMs } from '../../../src/scheduling/latency-profile.js';
import type { SchedulableVariant, Task } from '../../../src/scheduling/task.js';
import { BoundAtArrivalScheduler } from './bound-at-arrival.js';
import type { Policy } from './policy.js';

/** Callers of INFaaS state an accuracy; without one its answer is always the cheapest model. */
const TOLERATED_LOSS = 0.01;

/**
 * After INFaaS (Romero et al., USENIX ATC 2021): of the variants that meet the caller's accuracy, here .01 below the best,
 * the cheapest whose profiled run fits the whole budget. What waits already, and so the slack that is left, plays no part.
 * Where none of them fits, the fastest of all.
 */
export const cheapestThatFits: Policy = {
  name: 'cheapest that fits',
  create: (options) => new BoundAtArrivalScheduler(options, choose),
};

function choose(
  { windowTokens, arrivalAt, deadlineAt }: Task,
  variants: readonly SchedulableVariant[],
): SchedulableVariant {
  const byCost = variants
    .map((variant) => ({
      variant,
      costMs: windowTokens.reduce((sum, tokens) => sum + runTimeMs(variant.profile, 1, tokens), 0),
    }))
    .sort((one, other) => one.costMs - other.costMs);
  const leastQuality = Math.max(...variants.map(({ quality }) => quality)) - TOLERATED_LOSS;
  const fitting = byCost.find(
    ({ variant, costMs }) => variant.quality >= leastQuality && costMs <= deadlineAt - arrivalAt,
  );
  return (fitting ?? byCost[0]!).variant;
}
