/** What must hold before the gateway serves; each check throws a StartError that says what to do. */

import { StartError } from '../errors.js';
import { cascadePair } from './cascade-pair.js';
import type { Config } from '../config.js';
import type { VariantRegistry } from '../registry/variant-registry.js';

/** There is a variant to load. */
export function checkLoadable(registry: VariantRegistry): void {
  if (registry.list().some(({ state }) => state === 'loading')) return;
  throw new StartError(`no variant can be loaded: ${failureText(registry)}`);
}

/** Every arm is a variant of the manifest, and one that is loaded. */
export function checkExperiments(config: Config, registry: VariantRegistry): void {
  const names = registry.list().map(({ name }) => name);
  for (const { name, arms } of config.experiments) {
    const unknown = arms.find(({ variant }) => !names.includes(variant));
    if (unknown !== undefined) {
      throw new StartError(
        `experiment ${name} has an arm on ${unknown.variant}, which is not in the manifest (${names.join(', ')})`,
      );
    }
    const retired = arms.find(({ variant }) => registry.get(variant)?.state === 'retired');
    if (retired === undefined) continue;
    throw new StartError(
      `experiment ${name} has an arm on ${retired.variant}, which the manifest retires; take it out of \`retired\` there, or out of the experiment`,
    );
  }
}

/** At least one variant serves, and on the GPU if that was asked for. */
export function checkActive(registry: VariantRegistry, cudaFailure: string | undefined): void {
  if (cudaFailure !== undefined) {
    throw new StartError(`CUDA was asked for, but a session could not use it: ${cudaFailure}`);
  }
  if (registry.active().length > 0) return;
  throw new StartError(`no variant can serve: ${failureText(registry)}`);
}

/** A typical sentence: which variant is the cheapest hardly depends on the length. */
const TYPICAL_TOKENS = 32;

/** Tiers whose policy is a cascade although no variants that serve make one; their requests are routed as usual. */
export function tiersWithoutCascade(config: Config, registry: VariantRegistry): string[] {
  if (cascadePair(registry.active(), [TYPICAL_TOKENS]) !== undefined) return [];
  return Object.entries(config.tiers)
    .filter(([, tier]) => typeof tier === 'object' && tier.policy === 'cascade')
    .map(([name]) => name);
}

/** The variants that do not serve, and why. */
export function failures(registry: VariantRegistry): { name: string; detail: string }[] {
  return registry
    .list()
    .filter(({ state }) => state === 'failed')
    .map(({ name, detail }) => ({ name, detail: detail ?? 'unknown reason' }));
}

function failureText(registry: VariantRegistry): string {
  return failures(registry)
    .map(({ name, detail }) => `${name}: ${detail}`)
    .join('; ');
}
