import type { CorpusSentence } from '../corpus/corpus.js';
import { loadNer } from '../ner-load.js';
import { tally } from '../statistics.js';

interface CapacityOptions {
  /** The gateway's address, without a path. */
  readonly url: string;
  readonly variant: string;
  readonly corpus: readonly CorpusSentence[];
  readonly connections: number;
  readonly seconds: number;
}

/** Nothing is late here. */
const BUDGET_MS = 10_000;
const WARMUP_SHARE = 0.25;

/** Requests/s that a gateway answers with this variant in a closed loop, load generator on the same host. */
export async function measureCapacity(options: CapacityOptions): Promise<number> {
  const { variant, seconds } = options;
  const load = await loadNer({
    ...options,
    warmupSeconds: WARMUP_SHARE * seconds,
    cache: false,
    fields: () => ({ variant, latency_budget_ms: BUDGET_MS }),
  });
  const answered = load.answers.filter(({ code }) => code === 'ok').length;
  if (answered === 0) {
    const codes = JSON.stringify(tally(load.answers.map(({ code }) => code)));
    throw new Error(`the gateway answered nothing in the closed loop on ${variant}: ${codes}`);
  }
  return answered / load.seconds;
}
