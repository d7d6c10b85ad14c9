import { errors } from '../errors.js';
import type { Config } from '../config.js';
import type { CascadeRule } from '../gateway/ner-request.js';

/** What a request says of its policy. */
export interface AskedPolicy {
  readonly policy?: 'best' | 'cascade' | undefined;
  readonly max_error_probability?: number | undefined;
}

type TierConfig = Config['tiers'][string];

/** The latency budget that a tier names. */
export function budgetOf(tier: TierConfig): number {
  return typeof tier === 'number' ? tier : tier.budgetMs;
}

/**
 * The request counts first, then its tier, then the default. Undefined: no cascade. Throws validation_failed for a
 * threshold that nothing would read.
 */
export function cascadeRule(
  asked: AskedPolicy,
  tier: TierConfig | undefined,
  { cascade }: Pick<Config, 'cascade'>,
): CascadeRule | undefined {
  const ofTier = typeof tier === 'object' ? tier : undefined;
  const policy = asked.policy ?? ofTier?.policy ?? 'best';
  if (policy === 'cascade') {
    return {
      maxErrorProbability:
        asked.max_error_probability ?? ofTier?.maxErrorProbability ?? cascade.maxErrorProbability,
    };
  }
  if (asked.max_error_probability === undefined) return undefined;
  throw errors.validationFailed([
    { pointer: '/max_error_probability', detail: 'it is for policy cascade only' },
  ]);
}
