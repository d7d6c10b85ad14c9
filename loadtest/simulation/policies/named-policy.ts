import { aimd } from './aimd.js';
import { cheapestThatFits } from './cheapest-that-fits.js';
import { fixed } from './fixed.js';
import { ours } from './ours.js';
import type { Policy } from './policy.js';
import { roundRobin } from './round-robin.js';

/** Policies that need no variant to be named. */
const whole: ReadonlyMap<string, Policy> = new Map([
  ['entier', ours],
  ['round-robin', roundRobin],
  ['cheapest-that-fits', cheapestThatFits],
]);

/** Policies of one variant, which stands behind a colon. */
const ofVariant: ReadonlyMap<string, (variant: string) => Policy> = new Map([
  ['fixed', fixed],
  ['aimd', aimd],
]);

/** How policies are named on a command line. */
export const policyForms = [
  ...whole.keys(),
  ...[...ofVariant.keys()].map((kind) => `${kind}:VARIANT`),
];

/** A name on a command line: the policy, and its variant where it has but one. */
export interface NamedPolicy {
  readonly policy: Policy;
  readonly kind: string;
  readonly variant: string | undefined;
}

/** Such as `round-robin` or `fixed:full`; undefined where there is no such policy. Whether the variant exists is not known here. */
export function policyNamed(name: string): NamedPolicy | undefined {
  const [kind, variant, ...rest] = name.split(':');
  if (variant === undefined) {
    const policy = whole.get(name);
    return policy && { policy, kind: name, variant };
  }
  const create = ofVariant.get(kind!);
  if (create === undefined || variant === '' || rest.length > 0) return undefined;
  return { policy: create(variant), kind: kind!, variant };
}
