import type { Criticality, OnMiss, Task } from '../../src/scheduling/task.js';
import type { Random } from '../random.js';

export interface ArrivalPlan {
  readonly random: Random;
  readonly perSecond: (atMs: number) => number;
  readonly forMs: number;
  /** These are drawn per task. */
  readonly budgetMs: () => number;
  readonly tokens: () => number;
  readonly windows?: () => number;
  readonly allowed: () => readonly string[];
  readonly onMiss?: () => OnMiss;
  readonly criticality?: () => Criticality;
}

/** Poisson arrivals, ids from 1; one window each, `degrade` and default criticality unless said otherwise. */
export function* poissonArrivals(plan: ArrivalPlan): Generator<Task> {
  const { random } = plan;
  let at = 0;
  for (let id = 1; ; id += 1) {
    at += (-Math.log(1 - random()) * 1000) / plan.perSecond(at);
    if (at > plan.forMs) return;
    const windows = plan.windows?.() ?? 1;
    yield {
      id,
      arrivalAt: at,
      deadlineAt: at + plan.budgetMs(),
      allowed: plan.allowed(),
      onMiss: plan.onMiss?.() ?? 'degrade',
      criticality: plan.criticality?.() ?? 'default',
      windowTokens: Array.from({ length: windows }, () => plan.tokens()),
    };
  }
}
