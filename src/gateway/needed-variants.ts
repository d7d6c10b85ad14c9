import { errors } from '../errors.js';
import type { ExperimentView } from '../experiments/experiments.js';
import type { VariantRegistry } from '../registry/variant-registry.js';

/**
 * Throws a conflict where an active variant must stay: the last one for requests that name none, or the last of all, and
 * the arm of an experiment that takes requests.
 */
export function checkNotNeeded(
  name: string,
  registry: VariantRegistry,
  experiments: readonly ExperimentView[],
): void {
  if (isLast(name, registry)) {
    throw errors.conflict(`${name} is the last variant that serves; activate another one first.`);
  }
  const experiment = experimentOf(name, experiments);
  if (experiment === undefined) return;
  throw errors.conflict(
    `${name} is an arm of the experiment ${experiment.name}; take it from there first.`,
  );
}

export function isNeeded(
  name: string,
  registry: VariantRegistry,
  experiments: readonly ExperimentView[],
): boolean {
  return isLast(name, registry) || experimentOf(name, experiments) !== undefined;
}

function isLast(name: string, registry: VariantRegistry): boolean {
  const active = registry.active();
  const byDefault = active.filter(({ family }) => family === registry.defaultFamily);
  const last = byDefault.length > 0 ? byDefault : active;
  return last.length === 1 && last[0]!.name === name;
}

function experimentOf(
  name: string,
  experiments: readonly ExperimentView[],
): ExperimentView | undefined {
  return experiments.find(
    ({ share, arms }) => share > 0 && arms.some((arm) => arm.variant === name && arm.weight > 0),
  );
}
