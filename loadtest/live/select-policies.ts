import { UsageError } from '../flags.js';
import { policyForms, policyNamed } from '../simulation/policies/named-policy.js';

export interface SelectedPolicies {
  /** As `policyNamed` takes them. */
  readonly names: readonly string[];
  /** Whether AIMD follows with the fixed variant that was best. */
  readonly aimdOfBestFixed: boolean;
}

/** What `--live-policies` names, with `fixed` as every variant; throws UsageError where something does not exist. */
export function selectPolicies(
  wanted: readonly string[],
  variants: readonly string[],
): SelectedPolicies {
  const aimdOfBestFixed = wanted.includes('aimd');
  const names = wanted.flatMap((name) => {
    if (name === 'aimd') return [];
    if (name === 'fixed') return variants.map((variant) => `fixed:${variant}`);
    const named = policyNamed(name);
    if (named === undefined) {
      const forms = ['fixed', 'aimd', ...policyForms].join(', ');
      throw new UsageError(`--live-policies takes ${forms}, not "${name}"`);
    }
    if (named.variant !== undefined && !variants.includes(named.variant)) {
      throw new UsageError(
        `--live-policies: "${name}" is no variant that serves here; there are ${variants.join(', ')}`,
      );
    }
    return [name];
  });
  if (aimdOfBestFixed && !names.some((name) => name.startsWith('fixed:'))) {
    throw new UsageError(
      '--live-policies: aimd takes the best of the fixed variants: add fixed, or name one as aimd:VARIANT',
    );
  }
  return { names: [...new Set(names)], aimdOfBestFixed };
}
