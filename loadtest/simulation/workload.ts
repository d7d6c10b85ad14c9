import type { OnMiss, Task } from '../../src/scheduling/task.js';
import { arrivalTimes } from '../arrivals/arrival-times.js';
import { pick, type Random } from '../random.js';
import type { Residuals } from './residuals.js';
import type { TextShape } from './text-shapes.js';

/** All requests of one run, in order of arrival; the request at index i has the id i. The same for every policy. */
export interface Workload {
  readonly size: number;
  readonly forMs: number;
  readonly arrivalAt: Float64Array;
  readonly budgetMs: Float64Array;
  readonly tokens: Uint16Array;
  readonly entities: Float64Array;
  /** Measured over predicted run time, which nobody knows before. */
  readonly residual: Float64Array;
}

export interface WorkloadPlan {
  /** Requests per second in each second in turn; arrivals within a second are a Poisson process. */
  readonly rates: readonly number[];
  readonly texts: readonly TextShape[];
  readonly budgetsMs: readonly number[];
  readonly residuals: Residuals;
  readonly random: Random;
}

export function drawWorkload(plan: WorkloadPlan): Workload {
  const { rates, texts, budgetsMs, residuals, random } = plan;
  const profile = rates.map((perSecond) => ({ perSecond, seconds: 1 }));
  const arrivals = arrivalTimes({ profile, cv2: 1, random });
  const size = arrivals.length;
  const workload = {
    size,
    forMs: rates.length * 1000,
    arrivalAt: Float64Array.from(arrivals),
    budgetMs: new Float64Array(size),
    tokens: new Uint16Array(size),
    entities: new Float64Array(size),
    residual: new Float64Array(size),
  };
  for (let i = 0; i < size; i += 1) {
    const { tokens, entities } = pick(random, texts);
    workload.tokens[i] = tokens;
    workload.entities[i] = entities;
    workload.budgetMs[i] = pick(random, budgetsMs);
    workload.residual[i] = residuals.draw(random);
  }
  return workload;
}

/** The requests as tasks that any of these variants may answer. */
export function* tasksOf(
  { size, arrivalAt, budgetMs, tokens }: Workload,
  terms: { readonly allowed: readonly string[]; readonly onMiss: OnMiss },
): Generator<Task> {
  for (let id = 0; id < size; id += 1) {
    yield {
      id,
      arrivalAt: arrivalAt[id]!,
      deadlineAt: arrivalAt[id]! + budgetMs[id]!,
      criticality: 'default',
      windowTokens: [tokens[id]!],
      ...terms,
    };
  }
}
