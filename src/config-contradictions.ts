import type { ParsedConfig } from './config-schema.js';

/** What each key allows but together cannot work; every message names the ways out. */
export function contradictions(config: ParsedConfig): string[] {
  const { tiers, defaultTier, experiments } = config;
  const { maxBudgetMs } = config.limits;
  const problems: string[] = [];
  if (!Object.hasOwn(tiers, defaultTier)) {
    const names = Object.keys(tiers).join(', ');
    problems.push(
      `defaultTier: there is no tier ${defaultTier}; add it to tiers or choose one of ${names}`,
    );
  }
  for (const name of Array.isArray(config.autoFit) ? config.autoFit : []) {
    if (Object.hasOwn(tiers, name)) continue;
    problems.push(`autoFit: there is no tier ${name}; add it to tiers or remove it here`);
  }
  for (const [name, tier] of Object.entries(tiers)) {
    const budgetMs = typeof tier === 'number' ? tier : tier.budgetMs;
    if (
      typeof tier === 'object' &&
      tier.policy === 'best' &&
      tier.maxErrorProbability !== undefined
    ) {
      problems.push(
        `tiers.${name}: maxErrorProbability is for policy cascade only; set "policy": "cascade" or remove it`,
      );
    }
    if (budgetMs <= maxBudgetMs) continue;
    problems.push(
      `tiers.${name}: ${budgetMs} ms is over limits.maxBudgetMs; lower it or raise the limit of ${maxBudgetMs} ms`,
    );
  }
  for (const name of repeated(experiments)) {
    problems.push(`experiments: two are named ${name}; rename or remove one`);
  }
  for (const { name, arms } of experiments) {
    for (const arm of repeated(arms)) {
      problems.push(`experiments: ${name} has two arms named ${arm}; rename or remove one`);
    }
    if (arms.every(({ weight }) => weight === 0)) {
      problems.push(
        `experiments: all weights of ${name} are 0; give an arm a weight or remove the experiment`,
      );
    }
  }
  return problems;
}

function repeated(named: readonly { name: string }[]): string[] {
  const names = named.map(({ name }) => name);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
