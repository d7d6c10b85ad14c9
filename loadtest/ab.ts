import { formatArms, formatDifference } from './ab-report.js';
import { bootstrapF1Difference } from './bootstrap.js';
import { gatewayFlags } from './common-flags.js';
import { loadCorpus } from './corpus/corpus.js';
import { findExperiment, openGatewayWithArms } from './experiment.js';
import { UsageError, type FlagSpec, type FlagValues } from './flags.js';
import { openGateway } from './gateway-process.js';
import { loadNer } from './ner-load.js';
import { withProgress } from './progress.js';
import { writeResult } from './result-file.js';
import { countsBySentence, summarize } from './summarize.js';
import { findTiers } from './tier-budgets.js';

const usualArms = ['full', 'distilled-3l-int8'];

export const abFlags = {
  arms: {
    kind: 'texts',
    default: undefined,
    help: `Two variants, half of the keys each; default: ${usualArms.join(',')}.`,
  },
  experiment: {
    kind: 'text',
    default: undefined,
    help: 'With --url: which experiment of that gateway; default: its first.',
  },
  connections: { kind: 'number', default: 4, min: 1, max: 1024, help: 'Connections at once.' },
  tier: { kind: 'text', default: 'standard', help: 'The latency tier of all requests.' },
  ...gatewayFlags,
  duration: { ...gatewayFlags.duration, default: 30, help: 'Seconds measured.' },
} as const satisfies FlagSpec;

export const abAbout =
  'Two arms of an experiment under the same traffic, every request with a key of its own, seen from both ends.';

/** The command `ab`: measures, prints both sides, writes the result. */
export async function runAb(flags: FlagValues<typeof abFlags>): Promise<void> {
  checkTogether(flags);
  const startedAt = new Date();
  const corpus = loadCorpus();
  const gateway =
    flags.url === undefined
      ? await openGatewayWithArms(flags.arms ?? usualArms)
      : await openGateway({ url: flags.url });
  try {
    const { name, arms } = await findExperiment(gateway.url, flags.experiment);
    const [tier] = await findTiers(gateway.url, [flags.tier]);
    const steps = [{ label: `experiment ${name}`, seconds: flags.warmup + flags.duration }];
    const { answers, seconds } = await withProgress({ steps }, (next) => {
      next();
      return loadNer({
        url: gateway.url,
        corpus,
        connections: flags.connections,
        warmupSeconds: flags.warmup,
        seconds: flags.duration,
        cache: flags.cache,
        fields: (sequence) => ({
          tier: flags.tier,
          experiment_key: `${startedAt.getTime()}-${sequence}`,
        }),
        // Pinned, and without a key: so the server's counts are those of the measurement.
        warmupFields: (sequence) => ({ variant: arms[sequence % arms.length]!.variant }),
      });
    });

    const scoring = { corpus, budgetMs: tier!.budgetMs, seconds };
    const answersOf = (arm: string | undefined) => answers.filter((answer) => answer.arm === arm);
    const client = arms.map((arm) => ({
      arm: arm.name,
      variant: arm.variant,
      share: answersOf(arm.name).length / answers.length,
      ...summarize(answersOf(arm.name), scoring),
    }));
    const [first, second] = arms.map((arm) => countsBySentence(answersOf(arm.name), scoring));
    const f1Difference = bootstrapF1Difference(first!, second!);
    const server = (await findExperiment(gateway.url, name)).arms;
    const withoutArm = summarize(answersOf(undefined), scoring);
    console.log(formatArms(client, server));
    const names = arms.map((arm) => arm.name);
    console.log(`\n${formatDifference(names, f1Difference)}`);
    if (withoutArm.requests > 0) {
      const { requests, errors } = withoutArm;
      console.log(`${requests} requests came back without an arm: ${JSON.stringify(errors)}`);
    }

    const parameters = { ...flags, arms: names, tier, experiment: name, sentences: corpus.length };
    const result = { client, server, f1Difference, withoutArm };
    const file = writeResult({ what: 'ab', startedAt, parameters, folder: flags.out }, result);
    console.log(`\n${file}`);
  } finally {
    await gateway.stop();
  }
}

function checkTogether({ url, arms, experiment }: FlagValues<typeof abFlags>): void {
  if (url !== undefined && arms !== undefined) {
    throw new UsageError(
      '--arms is for a gateway that is started; with --url name an --experiment',
    );
  }
  if (url === undefined && experiment !== undefined) {
    throw new UsageError('--experiment goes with --url; without it name the --arms');
  }
  if (arms !== undefined && arms.length !== 2) throw new UsageError('--arms takes two variants');
}
