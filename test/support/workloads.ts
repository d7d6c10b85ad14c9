import { seededRandom } from '../../loadtest/random.js';
import { drawWorkload, type Workload } from '../../loadtest/simulation/workload.js';

export interface RequestSketch {
  readonly at: number;
  readonly budgetMs?: number;
  readonly tokens?: number;
  readonly entities?: number;
  readonly residual?: number;
}

/** These requests and no others, in order of arrival; 20 ms, 30 tokens, one entity, run as predicted unless said otherwise. */
export function workloadOf(requests: readonly RequestSketch[]): Workload {
  const read = (key: Exclude<keyof RequestSketch, 'at'>, usual: number) =>
    Float64Array.from(requests, (request) => request[key] ?? usual);
  return {
    size: requests.length,
    forMs: 1000 * Math.ceil(((requests.at(-1)?.at ?? 0) + 1) / 1000),
    arrivalAt: Float64Array.from(requests, ({ at }) => at),
    budgetMs: read('budgetMs', 20),
    tokens: Uint16Array.from(read('tokens', 30)),
    entities: read('entities', 1),
    residual: read('residual', 1),
  };
}

/** Poisson arrivals of 12 to 100 tokens with budgets of 5 to 50 ms that run as predicted. */
export function steadyWorkload(perSecond: number, seconds: number, seed = 1): Workload {
  return drawWorkload({
    rates: new Array<number>(seconds).fill(perSecond),
    texts: [12, 20, 30, 45, 100].map((tokens) => ({ tokens, entities: 1 + tokens / 20 })),
    budgetsMs: [5, 10, 20, 50],
    residuals: { source: 'none', draw: () => 1 },
    random: seededRandom(seed),
  });
}
