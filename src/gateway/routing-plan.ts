import { errors } from '../errors.js';
import type { Assignment, Experiments } from '../experiments/experiments.js';
import type { ActiveVariant } from '../registry/variant-registry.js';
import type { CascadeRule, NerRequest } from './ner-request.js';

/** What there is to choose from, best first. */
export interface ServingVariants {
  readonly active: readonly ActiveVariant[];
  /** Only its variants answer requests that name none; the others by pin and as arms. */
  readonly defaultFamily: string | undefined;
}

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
  { active, defaultFamily }: ServingVariants,
  experiments: Experiments,
): RoutingPlan {
  if (request.variant !== undefined) {
    const pinned = active.find(({ name }) => name === request.variant);
    if (pinned === undefined) throw errors.unknownVariant(active.map(({ name }) => name));
    if (!isGoodEnough(pinned, request.minF1)) throw belowMinF1(pinned);
    return { allowed: [pinned], forced: 'pinned', assignment: null };
  }

  const family = active.filter((variant) => variant.family === defaultFamily);
  const allowed = family.filter((variant) => isGoodEnough(variant, request.minF1));
  const best = family[0];
  if (best === undefined) throw errors.unknownVariant(active.map(({ name }) => name));
  if (allowed.length === 0) throw belowMinF1(best);

  // Without a key of its own every request is a unit: arms are balanced, but a caller is not held to one.
  const assignment = experiments.assign(request.experimentKey ?? request.requestId);
  const arm = active.find(({ name }) => name === assignment?.variant);
  if (assignment === null || arm === undefined || !isGoodEnough(arm, request.minF1))
    return { allowed, forced: undefined, assignment: null, cascade: request.cascade };
  return { allowed: [arm], forced: 'experiment', assignment };
}

/** One of unknown quality is good enough for those who ask for none. */
function isGoodEnough({ card }: ActiveVariant, minF1: number | undefined): boolean {
  return (
    minF1 === undefined || (card.quality?.measure === 'entity_f1' && card.quality.value >= minF1)
  );
}

function belowMinF1({ name, card: { quality } }: ActiveVariant): Error {
  const why =
    quality?.measure === 'entity_f1'
      ? `the best one, ${name}, has F1 ${quality.value.toFixed(4)} on validation`
      : `the F1 of ${name} is not known`;
  return errors.validationFailed([
    { pointer: '/min_f1', detail: `no variant allowed here is that good: ${why}` },
  ]);
}
