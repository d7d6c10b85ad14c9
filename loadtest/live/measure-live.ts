import { answersTo } from '../answers-to.js';
import { withProgress } from '../progress.js';
import { rotatedOrder } from '../rotation.js';
import { MAX_BATCH_TOKENS } from '../simulation/sweep.js';
import { upperBoundF1 } from '../simulation/upper-bound.js';
import type { LiveFlags } from './live-flags.js';
import type { LiveHost } from './live-host.js';
import type { LiveLoad } from './live-load.js';
import { bestFixedVariant, cellOf, type LiveCell, type LiveRow } from './live-row.js';
import { openPolicy } from './open-policy.js';
import type { SelectedPolicies } from './select-policies.js';

interface Measuring {
  readonly flags: LiveFlags;
  readonly live: LiveHost;
  readonly selected: SelectedPolicies;
  readonly maxSendLagP99Ms: number | undefined;
}

/** From the start of a gateway whose profiles are kept until it serves; for the estimate only. */
const START_SECONDS = 4;

/** About how long one policy takes on one window at one scale. */
export function secondsOfRun(flags: LiveFlags): number {
  return START_SECONDS + flags['live-warmup'] + flags['live-seconds'];
}

/** Policies take turns in being first, so that a host that gets slower or faster favours none of them. */
export async function measureLive(
  loads: readonly LiveLoad[],
  measuring: Measuring,
): Promise<LiveRow[]> {
  const { flags, selected } = measuring;
  const plans = loads.map((load, round) => ({ load, names: rotatedOrder(selected.names, round) }));
  const steps = plans.flatMap(({ load, names }) =>
    [...names, ...(selected.aimdOfBestFixed ? ['aimd'] : [])].map((name) => ({
      label: `${load.trace}, scale ${load.scale}, ${name}`,
      seconds: secondsOfRun(flags),
    })),
  );
  return withProgress({ steps }, async (next) => {
    const rows: LiveRow[] = [];
    for (const { load, names } of plans) {
      const measure = (name: string): Promise<LiveCell> => {
        next();
        return measureCell(name, load, measuring);
      };
      const measured = new Map<string, LiveCell>();
      for (const name of names) measured.set(name, await measure(name));
      const cells = selected.names.map((name) => measured.get(name)!);
      if (selected.aimdOfBestFixed) cells.push(await measure(`aimd:${bestFixedVariant(cells)}`));
      rows.push(rowOf(load, cells, measuring.live));
    }
    return rows;
  });
}

async function measureCell(
  name: string,
  { schedule, workload }: LiveLoad,
  { flags, live, maxSendLagP99Ms }: Measuring,
): Promise<LiveCell> {
  const { corpus, host } = live;
  const gateway = await openPolicy(name, flags);
  try {
    const missing = host.variants.filter((variant) => !gateway.variants.includes(variant.name));
    if (missing.length > 0) {
      const names = missing.map((variant) => variant.name).join(', ');
      throw new Error(`the gateway of ${name} has no ${names}, which the first one had`);
    }
    const answers = await answersTo(schedule, {
      url: gateway.url,
      corpus,
      cache: false,
      retries: 0,
      fields: { on_miss: flags['on-miss'] },
    });
    return cellOf(answers, { name, workload, corpus, host, maxSendLagP99Ms });
  } finally {
    await gateway.stop();
  }
}

function rowOf(load: LiveLoad, cells: readonly LiveCell[], { host }: LiveHost): LiveRow {
  const { scale, meanPerSecond, peakPerSecond, workload } = load;
  const bounded = { ...host, maxBatchTokens: MAX_BATCH_TOKENS };
  return {
    scale,
    meanPerSecond,
    peakPerSecond,
    requests: workload.size,
    cells,
    upperBoundF1: upperBoundF1(workload, bounded),
  };
}
