import { existsSync } from 'node:fs';
import path from 'node:path';
import { formatCascades, type CascadeRow } from './cascade-report.js';
import { resultFlags } from './common-flags.js';
import { readConll } from './conll.js';
import type { CorpusSentence } from './corpus/corpus.js';
import { UsageError, type FlagSpec, type FlagValues } from './flags.js';
import type { Gateway } from './gateway-process.js';
import { postJson } from './get-json.js';
import { treeUsage } from './process-tree.js';
import { withProgress, type Step } from './progress.js';
import { writeResult } from './result-file.js';
import { addCounts, countEntities, f1Of, noCounts, type Entity } from './score.js';
import { tally } from './statistics.js';
import { choosePairs, openPair, readVariants, type VariantPair } from './variant-pairs.js';

export const cascadeFlags = {
  data: {
    kind: 'text',
    default: undefined,
    help: 'The folder of the CoNLL-2003 column files, which are no part of the project; eng.testa is read.',
  },
  pairs: {
    kind: 'texts',
    default: undefined,
    help: 'Such as small:large,small:medium. Default: the calibrated variant of the lowest F1 with each better one.',
  },
  thresholds: {
    kind: 'numbers',
    default: [5, 10, 20, 30, 50],
    min: 0,
    max: 100,
    help: 'Error probabilities up to which a first answer is kept, per cent.',
  },
  sentences: {
    kind: 'number',
    default: undefined,
    min: 1,
    max: 1_000_000,
    help: 'Only so many, from the beginning; default: all.',
  },
  models: { kind: 'text', default: 'models', help: 'The folder of the variants.' },
  ...resultFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof cascadeFlags>;

export const cascadeAbout =
  'Cascades of two variants on CoNLL-2003 (validation): served F1 and processor time at several thresholds.';

/** What the columns mean; behind --help. */
export const cascadeColumns = `Each pair is compared with either variant alone, in a gateway that holds these two; texts are asked one by one, past the
cache and with time enough. "improved" is the share of texts that the second variant answered, "best single" the best
variant of the table that takes no more processor time. Processor time is that of all processes of the gateway.`;

const VALIDATION_FILE = 'eng.testa';
/** So that a second stage is never refused for want of time. */
const BUDGET_MS = 60_000;
/** For the progress bar only. */
const GUESSED_MS_A_TEXT = 6;

interface CascadeBody {
  entities: Entity[];
  cascade?: { outcome: string };
}

export async function runCascade(flags: Flags): Promise<void> {
  if (flags.data === undefined) {
    throw new UsageError(
      `--data is needed: the folder of the CoNLL-2003 files with ${VALIDATION_FILE}`,
    );
  }
  const file = path.join(flags.data, VALIDATION_FILE);
  if (!existsSync(file)) {
    console.log(`skipped: there is no ${file}; --data takes the folder of the CoNLL-2003 files`);
    return;
  }
  const pairs = choosePairs(readVariants(flags.models), flags.pairs);
  const sentences = readConll(file).slice(0, flags.sentences);
  const startedAt = new Date();
  const rows = await measurePairs(pairs, sentences, flags);
  console.log(formatCascades(rows));
  const parameters = { ...flags, data: undefined, sentences: sentences.length };
  console.log(
    `\n${writeResult({ what: 'cascade', startedAt, parameters, folder: flags.out }, { rows })}`,
  );
}

async function measurePairs(
  pairs: readonly VariantPair[],
  sentences: readonly CorpusSentence[],
  { models, thresholds }: Flags,
): Promise<CascadeRow[]> {
  const plans = pairs.map((pair) => ({ pair, passes: passesOf(pair, thresholds) }));
  const seconds = (sentences.length * GUESSED_MS_A_TEXT) / 1000;
  const steps = plans.flatMap(({ passes }) =>
    passes.map(({ name, thresholdPercent: percent }): Step => {
      return { label: percent === undefined ? name : `${name} at ${percent} %`, seconds };
    }),
  );
  return withProgress({ steps }, async (next) => {
    const rows: CascadeRow[] = [];
    for (const { pair, passes } of plans) {
      const gateway = await openPair(models, pair);
      try {
        for (const pass of passes) {
          next();
          // A variant of two pairs is one row.
          const known = pass.thresholdPercent === undefined && rows.some(sameName(pass.name));
          if (!known) rows.push(await measure(gateway, pass, sentences));
        }
      } finally {
        await gateway.stop();
      }
    }
    return rows;
  });
}

interface Pass extends Pick<CascadeRow, 'name' | 'thresholdPercent'> {
  ask: object;
}

function passesOf({ first, second }: VariantPair, thresholds: readonly number[]): Pass[] {
  const alone = [first, second].map(({ name }): Pass => ({
    name,
    thresholdPercent: undefined,
    ask: { variant: name },
  }));
  const cascades = thresholds.map((percent): Pass => ({
    name: `${first.name} > ${second.name}`,
    thresholdPercent: percent,
    ask: { policy: 'cascade', max_error_probability: percent / 100 },
  }));
  return [...alone, ...cascades];
}

async function measure(
  { url, process: server }: Gateway,
  { name, thresholdPercent, ask }: Pass,
  sentences: readonly CorpusSentence[],
): Promise<CascadeRow> {
  const counts = noCounts();
  const outcomes: string[] = [];
  const before = treeUsage(server!.pid).cpuMs;
  for (const { text, entities } of sentences) {
    const body = { text, latency_budget_ms: BUDGET_MS, ...ask };
    const answer = await postJson<CascadeBody>(`${url}/ner`, body);
    addCounts(counts, countEntities(entities, answer.entities));
    if (answer.cascade !== undefined) outcomes.push(answer.cascade.outcome);
  }
  const cpuMs = treeUsage(server!.pid).cpuMs - before;
  if (outcomes.includes('unavailable')) {
    throw new Error(
      `${name} make no cascade here: the first one takes no less time than the second`,
    );
  }
  const shares = Object.entries(tally(outcomes)).map(([outcome, count]) => [
    outcome,
    count / outcomes.length,
  ]);
  return {
    name,
    thresholdPercent,
    f1: f1Of(counts),
    cpuMsPerText: cpuMs / sentences.length,
    outcomes: Object.fromEntries(shares) as Record<string, number>,
  };
}

function sameName(name: string): (row: CascadeRow) => boolean {
  return (row) => row.name === name;
}
