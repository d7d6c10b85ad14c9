import { runTimeMs } from '../src/scheduling/latency-profile.js';
import type { LatencyProfile } from '../src/scheduling/task.js';
import { resultFlags } from './common-flags.js';
import { loadCorpus } from './corpus/corpus.js';
import type { FlagSpec, FlagValues } from './flags.js';
import { openGateway } from './gateway-process.js';
import { getJson, postJson } from './get-json.js';
import { fitPrediction, type PredictedRun } from './prediction-fit.js';
import { withProgress } from './progress.js';
import { writeResult } from './result-file.js';
import { textShapes } from './simulation/text-shapes.js';
import { percentile } from './statistics.js';
import { formatNumber, formatTable } from './table.js';

export const residualsFlags = {
  requests: { kind: 'number', default: 500, min: 100, max: 100_000, help: 'Runs of each variant.' },
  connections: {
    kind: 'number',
    default: 2,
    min: 1,
    max: 64,
    help: 'Requests at once; as many as there are workers, so that none waits or shares a batch.',
  },
  url: {
    kind: 'text',
    default: undefined,
    help: 'A gateway that runs already. Without it one is started and stopped.',
  },
  models: { kind: 'text', default: 'models', help: 'The folder of variants and tokenizer.' },
  ...resultFlags,
} as const satisfies FlagSpec;

export const residualsAbout =
  'How far run times on this host are from their predictions: what the simulator draws from.';

interface VariantsBody {
  variants: { name: string; profile: LatencyProfile | null }[];
}
interface NerBody {
  timing_ms: { inference: number };
}
interface VariantRatios {
  readonly variant: string;
  readonly ratios: readonly number[];
}
interface VariantRuns {
  readonly variant: string;
  readonly runs: readonly PredictedRun[];
}

const budgetMs = 10_000;
const shownPercents = [5, 50, 95, 99] as const;

/** The command `residuals`: measures, prints quantiles, writes the ratios. Only an idle host gives honest ones. */
export async function runResiduals(flags: FlagValues<typeof residualsFlags>): Promise<void> {
  const startedAt = new Date();
  const corpus = loadCorpus();
  const texts = corpus.map(({ text }) => text);
  const shapes = await textShapes(corpus, flags.models);
  const gateway = await openGateway({ url: flags.url, modelsDir: flags.models });
  try {
    const { variants } = await getJson<VariantsBody>(`${gateway.url}/variants`);
    const profiled = variants.flatMap(({ name, profile }) => (profile ? [{ name, profile }] : []));
    const steps = profiled.map(({ name, profile }) => ({
      label: name,
      seconds: (flags.requests * runTimeMs(profile, 1, 32)) / 1000 / flags.connections,
    }));
    const measured = await withProgress({ steps }, async (next) => {
      const done: VariantRuns[] = [];
      for (const { name, profile } of profiled) {
        next();
        const timed = await timeRuns({ ...flags, url: gateway.url, texts, variant: name });
        const runs = timed.map(({ text, ms }) => ({
          profileMs: runTimeMs(profile, 1, shapes[text]!.tokens),
          ms,
        }));
        done.push({ variant: name, runs });
      }
      return done;
    });
    // These two the scheduler follows for the host as a whole; what is left is what it cannot predict.
    const { slowdown, dispatchMs } = fitPrediction(measured.flatMap(({ runs }) => runs));
    const relative = measured.map(({ variant, runs }): VariantRatios => ({
      variant,
      ratios: runs.map(({ profileMs, ms }) => ms / (slowdown * profileMs + dispatchMs)),
    }));
    console.log(tableOf(relative));
    console.log(
      `\nslowdown ${formatNumber(slowdown, 3)}: run times over those of the profiles; ` +
        `dispatch ${formatNumber(dispatchMs, 3)} ms: what every run takes beside itself`,
    );
    const byVariant = relative.map(({ variant, ratios }) => ({
      variant,
      ...Object.fromEntries(shownPercents.map((one) => [`p${one}`, percentile(ratios, one)])),
    }));
    const ratios = relative
      .flatMap((one) => one.ratios)
      .map((ratio) => Number(ratio.toPrecision(4)))
      .sort((one, other) => one - other);
    const options = { what: 'residuals', startedAt, parameters: flags, folder: flags.out };
    console.log(`\n${writeResult(options, { slowdown, dispatchMs, byVariant, ratios })}`);
  } finally {
    await gateway.stop();
  }
}

interface TimedRuns {
  readonly url: string;
  readonly texts: readonly string[];
  readonly variant: string;
  readonly requests: number;
  readonly connections: number;
}

/** Run times of pinned requests, round the corpus; the first tenth warms up and is left out. */
async function timeRuns(options: TimedRuns): Promise<{ text: number; ms: number }[]> {
  const { url, texts, variant, requests, connections } = options;
  const warmup = Math.ceil(requests / 10);
  const runs: { text: number; ms: number }[] = [];
  let sent = 0;
  const lanes = Array.from({ length: connections }, async () => {
    while (sent < warmup + requests) {
      const order = sent++;
      const text = order % texts.length;
      const body = { text: texts[text]!, variant, latency_budget_ms: budgetMs };
      const { timing_ms } = await postJson<NerBody>(`${url}/ner`, body);
      if (order >= warmup) runs.push({ text, ms: timing_ms.inference });
    }
  });
  await Promise.all(lanes);
  return runs;
}

function tableOf(measured: readonly VariantRatios[]): string {
  const all = { variant: 'all', ratios: measured.flatMap(({ ratios }) => ratios) };
  const lines = [...measured, all].map(({ variant, ratios }) => [
    variant,
    `${ratios.length}`,
    ...shownPercents.map((one) => formatNumber(percentile(ratios, one), 3)),
  ]);
  const head = ['measured / predicted', 'runs', ...shownPercents.map((one) => `p${one}`)];
  return formatTable([head, ...lines]);
}
