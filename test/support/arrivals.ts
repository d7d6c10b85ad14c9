import type { Criticality, OnMiss, Task } from '../../src/scheduling/task.js';
import type { Outcome } from './virtual-workers.js';

/** The five variants of the reference host: quality and ms as measured on two AVX512-VNNI cores. */
export const referenceVariants = [
  { name: 'full', quality: 0.93, profile: { a: 1.1, b: 0.165, c: 0 } },
  { name: 'full-int8', quality: 0.928, profile: { a: 0.55, b: 0.05, c: 0 } },
  { name: 'pruned', quality: 0.92, profile: { a: 0.45, b: 0.036, c: 0 } },
  { name: 'distilled-3l', quality: 0.915, profile: { a: 0.6, b: 0.085, c: 0 } },
  { name: 'distilled-3l-int8', quality: 0.914, profile: { a: 0.35, b: 0.0195, c: 0 } },
] as const;

export const referenceNames = referenceVariants.map(({ name }) => name);

export interface ArrivalPlan {
  readonly random: () => number;
  readonly perSecond: (atMs: number) => number;
  readonly forMs: number;
  /** Drawn per task. */
  readonly budgetMs?: () => number;
  readonly tokens?: () => number;
  readonly windows?: () => number;
  readonly allowed?: () => readonly string[];
  readonly onMiss?: () => OnMiss;
  readonly criticality?: () => Criticality;
}

export function pick<T>(random: () => number, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)]!;
}

export function uniformInt(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** Poisson arrivals; defaults: one window of 8 to 120 tokens, a budget of 10 to 200 ms, any variant, `degrade`. */
export function* poissonArrivals(plan: ArrivalPlan): Generator<Task> {
  const { random } = plan;
  let at = 0;
  for (let id = 1; ; id += 1) {
    at += (-Math.log(random()) * 1000) / plan.perSecond(at);
    if (at > plan.forMs) return;
    const windows = plan.windows?.() ?? 1;
    yield {
      id,
      arrivalAt: at,
      deadlineAt: at + (plan.budgetMs?.() ?? pick(random, [10, 20, 50, 100, 200])),
      allowed: plan.allowed?.() ?? referenceNames,
      onMiss: plan.onMiss?.() ?? 'degrade',
      criticality: plan.criticality?.() ?? 'default',
      windowTokens: Array.from(
        { length: windows },
        () => plan.tokens?.() ?? uniformInt(random, 8, 120),
      ),
    };
  }
}

/** Budgets met, mean quality with a late or missing answer counting 0, and the share answered by each variant. */
export function summarize(
  outcomes: readonly Outcome[],
  variants: readonly { name: string; quality: number }[],
) {
  const quality = new Map(variants.map((variant) => [variant.name, variant.quality]));
  const inTime = outcomes.filter(
    ({ end, endedAt, task }) => end === 'completed' && endedAt <= task.deadlineAt,
  );
  const mix: Record<string, number> = {};
  let sum = 0;
  for (const { variant } of inTime) {
    sum += quality.get(variant ?? '') ?? 0;
    mix[variant ?? ''] = (mix[variant ?? ''] ?? 0) + 1 / inTime.length;
  }
  return {
    total: outcomes.length,
    metShare: inTime.length / outcomes.length,
    met: inTime.length,
    effectiveQuality: sum / outcomes.length,
    mix,
  };
}
