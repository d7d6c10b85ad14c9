import { gatewayFlags } from './common-flags.js';
import { loadCorpus, type CorpusSentence } from './corpus/corpus.js';
import type { FlagSpec, FlagValues } from './flags.js';
import { openGateway } from './gateway-process.js';
import { loadNer } from './ner-load.js';
import { withProgress } from './progress.js';
import { writeResult } from './result-file.js';
import { summarize, type Summary } from './summarize.js';
import { formatNumber, formatTable } from './table.js';
import { findTiers, type Tier } from './tier-budgets.js';

export const tiersFlags = {
  connections: {
    kind: 'numbers',
    default: [1, 4, 16],
    min: 1,
    max: 1024,
    help: 'Connections, each sending its next request when it has its answer.',
  },
  tiers: { kind: 'texts', default: undefined, help: 'Tiers to test; default: all of the gateway.' },
  ...gatewayFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof tiersFlags>;

export const tiersAbout =
  'Each latency tier of the gateway at several numbers of connections, over the corpus with its labelled entities.';

/** What the columns mean; behind --help. */
export const tiersColumns = `req/s and the percentiles are those of answers with entities. An answer is in time if the gateway says so
and the client's clock agrees. Effective F1 (eff. F1) is micro entity F1 over all requests against the labels of the
corpus, where a refused, failed or late answer counts as an empty one.`;

interface Row extends Summary {
  connections: number;
  tier: string;
  budgetMs: number;
}

/** The command `tiers`: measures, prints a table, writes the result. */
export async function runTiers(flags: Flags): Promise<void> {
  const startedAt = new Date();
  const corpus = loadCorpus();
  const gateway = await openGateway({ url: flags.url });
  try {
    const tiers = await findTiers(gateway.url, flags.tiers);
    const cells = flags.connections.flatMap((connections) =>
      tiers.map((tier) => ({ connections, tier })),
    );
    const steps = cells.map(({ connections, tier }) => ({
      label: `${tier.name}, ${connections} connection${connections === 1 ? '' : 's'}`,
      seconds: flags.warmup + flags.duration,
    }));
    const rows = await withProgress({ steps }, async (next) => {
      const measured: Row[] = [];
      for (const cell of cells) {
        next();
        measured.push(await measureTier(cell, { flags, corpus, url: gateway.url }));
      }
      return measured;
    });
    console.log(tableOf(rows));
    const parameters = { ...flags, tiers, variants: gateway.variants, sentences: corpus.length };
    const file = writeResult({ what: 'tiers', startedAt, parameters, folder: flags.out }, { rows });
    console.log(`\n${file}`);
  } finally {
    await gateway.stop();
  }
}

async function measureTier(
  { connections, tier }: { connections: number; tier: Tier },
  { flags, corpus, url }: { flags: Flags; corpus: CorpusSentence[]; url: string },
): Promise<Row> {
  const { answers, seconds } = await loadNer({
    url,
    corpus,
    connections,
    warmupSeconds: flags.warmup,
    seconds: flags.duration,
    cache: flags.cache,
    fields: () => ({ tier: tier.name }),
  });
  const summary = summarize(answers, { corpus, budgetMs: tier.budgetMs, seconds });
  return { connections, tier: tier.name, budgetMs: tier.budgetMs, ...summary };
}

function tableOf(rows: readonly Row[]): string {
  const head = ['tier', 'conn', 'req/s', 'p50 ms', 'p90', 'p97.5', 'p99', 'in time %', 'eff. F1'];
  const lines = rows.map((row) => [
    describeTier({ name: row.tier, budgetMs: row.budgetMs }),
    `${row.connections}`,
    formatNumber(row.requestsPerSecond, 0),
    formatNumber(row.latencyMs.p50, 1),
    formatNumber(row.latencyMs.p90, 1),
    formatNumber(row.latencyMs.p97_5, 1),
    formatNumber(row.latencyMs.p99, 1),
    formatNumber(row.budgetMetPercent, 1),
    formatNumber(row.effectiveF1, 3),
    describeShares(row),
  ]);
  return formatTable([[...head, 'variants and errors'], ...lines], [head.length]);
}

function describeTier({ name, budgetMs }: Tier): string {
  return `${name} ${budgetMs} ms`;
}

function describeShares({ variants, errors }: Summary): string {
  const shares = Object.entries(variants).map(
    ([variant, share]) => `${variant} ${(100 * share).toFixed(0)}%`,
  );
  const failures = Object.entries(errors).map(([code, count]) => `${count} x ${code}`);
  return [...shares, ...failures].join(', ');
}
