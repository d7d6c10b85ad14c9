import { runTimeMs } from '../scheduling/latency-profile.js';
import { routingQuality } from '../registry/routing-quality.js';
import type { Card } from '../registry/card.js';
import type { ActiveVariant } from '../registry/variant-registry.js';

type Calibration = NonNullable<Card['calibration']>;

/** The two stages of a cascade; of the second one the router chooses the variant. */
export interface CascadePair {
  readonly first: ActiveVariant;
  readonly calibration: Calibration;
  /** All allowed variants of a higher quality than the first, best first. */
  readonly better: readonly ActiveVariant[];
}

/**
 * The cheapest variant for such windows whose card tells how likely it errs, and all that are better. Undefined where
 * there are no two such: a variant that is no cheaper than a better one is no first stage. `allowed` is best first.
 */
export function cascadePair(
  allowed: readonly ActiveVariant[],
  windowTokens: readonly number[],
): CascadePair | undefined {
  const costs = new Map(
    allowed.map((variant) => [
      variant,
      windowTokens.reduce((sum, tokens) => sum + runTimeMs(variant.profile, 1, tokens), 0),
    ]),
  );
  let pair: CascadePair | undefined;
  let costMs = Infinity;
  for (const first of allowed) {
    const { calibration } = first.card;
    const quality = routingQuality(first.card);
    const firstMs = costs.get(first)!;
    if (calibration === undefined || firstMs >= costMs) continue;
    const better = allowed.filter(({ card }) => routingQuality(card) > quality);
    if (better.length === 0 || better.some((other) => costs.get(other)! <= firstMs)) continue;
    pair = { first, calibration, better };
    costMs = firstMs;
  }
  return pair;
}

/**
 * The quality to expect of a first answer that is wrong with this probability, on the scale of the variants' F1. Of its
 * wrong answers a variant is taken to repair the share by which it errs less on validation, on every text alike.
 */
export function qualityOfFirst({ first, better }: CascadePair, errorProbability: number): number {
  const worst = routingQuality(first.card);
  const best = routingQuality(better[0]!.card);
  return best - (errorProbability * (best - worst)) / (1 - worst);
}
