import { errors } from '../errors.js';
import type { Assignment, Experiments } from '../experiments/experiments.js';
import type { ActiveVariant } from '../registry/variant-registry.js';
import type { CascadeRule, NerRequest } from './ner-request.js';

/** Which variants may answer a request, best first, and why if the choice is not the router's. */
export interface RoutingPlan {
  readonly allowed: readonly ActiveVariant[];
  readonly forced: 'pinned' | 'experiment' | undefined;
  readonly assignment: Assignment | null;
  /** Undefined where the policy is another one, or the choice is not the router's. */
  readonly cascade?: CascadeRule | undefined;
}

/**
 * A pin, an experiment's arm, or every variant that is good enough. Throws unknown_variant, and validation_failed where
 * `min_f1` excludes all that could answer: it is never undercut, so such a request can never be served.
 */
export function planRouting(
  request: NerRequest,
  active: readonly ActiveVariant[],
  experiments: Experiments,
): RoutingPlan {
  const minF1 = request.minF1 ?? 0;
  if (request.variant !== undefined) {
    const pinned = active.find(({ name }) => name === request.variant);
    if (pinned === undefined) throw errors.unknownVariant(active.map(({ name }) => name));
    if (pinned.card.quality.value < minF1) {
      throw belowMinF1(`${pinned.name} has F1 ${pinned.card.quality.value.toFixed(4)}`);
    }
    return { allowed: [pinned], forced: 'pinned', assignment: null };
  }

  const allowed = active.filter(({ card }) => card.quality.value >= minF1);
  const best = active[0];
  if (allowed.length === 0 && best !== undefined) {
    throw belowMinF1(
      `the best variant, ${best.name}, has F1 ${best.card.quality.value.toFixed(4)}`,
    );
  }

  // Without a key of its own every request is a unit: arms are balanced, but a caller is not held to one.
  const assignment = experiments.assign(request.experimentKey ?? request.requestId);
  const arm = allowed.find(({ name }) => name === assignment?.variant);
  if (assignment === null || arm === undefined)
    return { allowed, forced: undefined, assignment: null, cascade: request.cascade };
  return { allowed: [arm], forced: 'experiment', assignment };
}

function belowMinF1(why: string): Error {
  return errors.validationFailed([
    { pointer: '/min_f1', detail: `no variant allowed here is that good: ${why} on validation` },
  ]);
}
