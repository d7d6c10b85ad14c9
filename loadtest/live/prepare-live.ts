import { readConll } from '../conll.js';
import { loadCorpus } from '../corpus/corpus.js';
import { formatSeconds } from '../progress.js';
import { fastestOf } from '../simulation/virtual-host.js';
import type { LiveFlags } from './live-flags.js';
import { describeHost, type LiveHost } from './live-host.js';
import { measureCapacity } from './measure-capacity.js';
import { secondsOfRun } from './measure-live.js';
import { openPolicy } from './open-policy.js';
import { selectPolicies, type SelectedPolicies } from './select-policies.js';

/** What a scale of 1 is: requests/s of the fastest variant in a closed loop. */
export interface Capacity {
  readonly variant: string;
  readonly perSecond: number;
  readonly connections: number;
}

export interface Prepared {
  readonly live: LiveHost;
  readonly capacity: Capacity;
  readonly selected: SelectedPolicies;
}

/** Enough that no worker waits for a request, few enough that batches stay small. */
const CONNECTIONS_PER_WORKER = 4;

/** Prints how long all will take, then finds out what a scale of 1 is; throws UsageError for policies that do not exist. */
export async function prepareLive(flags: LiveFlags, capacitySeconds: number): Promise<Prepared> {
  const data = flags['live-data'];
  const corpus = data === undefined ? loadCorpus() : readConll(data);
  const gateway = await openPolicy('entier', flags);
  try {
    const selected = selectPolicies(flags['live-policies'], gateway.variants);
    console.log(estimateOf(flags, selected));
    const live = await describeHost(gateway.url, {
      corpus,
      modelsDir: flags.models,
      onMiss: flags['on-miss'],
    });
    const variant = fastestOf(live.host, live.shapes).name;
    const connections = CONNECTIONS_PER_WORKER * live.host.workers;
    const perSecond = await measureCapacity({
      url: gateway.url,
      variant,
      corpus,
      connections,
      seconds: capacitySeconds,
    });
    return { live, capacity: { variant, perSecond, connections }, selected };
  } finally {
    await gateway.stop();
  }
}

function estimateOf(flags: LiveFlags, selected: SelectedPolicies): string {
  const policies = policyCount(selected);
  const [scales, traces] = [flags['live-scales'], flags.trace];
  const runs = policies * scales.length * traces.length;
  const seconds = runs * secondsOfRun(flags);
  return (
    `Policies: ${policies}, scales: ${scales.join(', ')}, traces: ${traces.length}. ${runs} runs of ${flags['live-seconds']} s, ` +
    `about ${formatSeconds(seconds)} in all. --live-policies, --live-scales, --live-seconds and --trace make it less.`
  );
}

function policyCount({ names, aimdOfBestFixed }: SelectedPolicies): number {
  return names.length + (aimdOfBestFixed ? 1 : 0);
}
