/** Knots of a map from the smallest margin of a text to the probability that its answer is wrong. */
export interface MarginMap {
  /** Increasing. */
  readonly margin: readonly number[];
  /** Not increasing; as long as `margin`. */
  readonly errorProbability: readonly number[];
}

/**
 * Isotonic regression says 0 or 1 where the texts at an end of its range were all right or all wrong. That is no
 * certainty: it was fitted on some thousands of texts, so less than one in a thousand it cannot know.
 */
export const LEAST_PROBABILITY = 0.001;

/** Linear between the knots, constant beyond them, and never sure: within [0.001, 0.999]. */
export function errorProbabilityAt({ margin, errorProbability }: MarginMap, at: number): number {
  return Math.min(
    1 - LEAST_PROBABILITY,
    Math.max(LEAST_PROBABILITY, interpolate(margin, errorProbability, at)),
  );
}

function interpolate(knots: readonly number[], values: readonly number[], at: number): number {
  let low = 0;
  let high = knots.length - 1;
  if (at <= knots[low]!) return values[low]!;
  if (at >= knots[high]!) return values[high]!;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (knots[middle]! <= at) low = middle;
    else high = middle;
  }
  const share = (at - knots[low]!) / (knots[high]! - knots[low]!);
  return values[low]! + share * (values[high]! - values[low]!);
}
