import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { resultFlags } from './common-flags.js';
import { readConll } from './conll.js';
import { loadCorpus, type CorpusSentence } from './corpus/corpus.js';
import { UsageError, type FlagSpec, type FlagValues } from './flags.js';
import { readCard } from './model-card.js';
import { plotPeers } from './peers-plot.js';
import { compareSides, efficiencyOf, formatMeasures, ratiosOf } from './peers-report.js';
import { peersTargets } from './peers-targets.js';
import { writeResult } from './result-file.js';
import { makeSides, sideNames } from './sides/make-sides.js';
import { measureRounds, type Scoring } from './sides/measure-rounds.js';
import type { Side } from './sides/side.js';
import { formatTargets } from './targets.js';

export const peersFlags = {
  only: {
    kind: 'texts',
    default: undefined,
    help: `Sides to measure; default: all of ${sideNames.join(',')}.`,
  },
  rounds: { kind: 'number', default: 5, min: 1, max: 100, help: 'Rounds, every side in each.' },
  duration: { kind: 'number', default: 10, min: 1, max: 600, help: 'Seconds per side and round.' },
  warmup: { kind: 'number', default: 2, min: 0, max: 60, help: 'Seconds before each of them.' },
  connections: { kind: 'number', default: 16, min: 1, max: 1024, help: 'Connections at once.' },
  variant: {
    kind: 'text',
    default: 'full-int8',
    help: 'The variant, the same file on all sides that take one.',
  },
  'fp32-variant': {
    kind: 'text',
    default: 'full',
    help: 'The variant of transformers-js-fp32.',
  },
  sentences: {
    kind: 'number',
    default: undefined,
    min: 20,
    max: 100_000,
    help: 'Sentences of the corpus that are sent, from its beginning; default: all.',
  },
  data: {
    kind: 'text',
    default: undefined,
    help: 'A folder with eng.testa of CoNLL-2003: sides are scored on that, in the first round; default: on the corpus, in every round.',
  },
  models: { kind: 'text', default: 'models', help: 'The folder of the variants.' },
  'peer-threads': {
    kind: 'number',
    default: undefined,
    min: 1,
    max: 256,
    help: "ONNX Runtime threads of a process of the peers; default: 1 for fastapi-onnxruntime with several processes, else each one's own default.",
  },
  'fastapi-workers': {
    kind: 'number',
    default: 2,
    min: 1,
    max: 256,
    help: 'Processes of fastapi-onnxruntime: one a core, so that Python has them all; 1 leaves them to threads.',
  },
  'spacy-workers': {
    kind: 'number',
    default: 2,
    min: 1,
    max: 256,
    help: 'Processes of fastapi-spacy, each of which computes on one core.',
  },
  'raw-processes': {
    kind: 'number',
    default: 2,
    min: 1,
    max: 256,
    help: 'Processes of the raw loop, of one thread each.',
  },
  ...resultFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof peersFlags>;

export const peersAbout =
  'Our gateway, transformers.js, FastAPI with onnxruntime or spaCy, and ONNX Runtime alone, in turns on the same cores.';

/** What the lines mean; behind --help, under the table and in the result. */
export const peersNotes = [
  'Closed loop: the figures are those of saturation. The load generator runs on the same cores; the raw loop needs none.',
  'A side runs alone, in new processes for each measurement; before that it is asked for every sentence of the corpus once, or, with --data, in the first round for every sentence of the validation split of CoNLL-2003, and that is scored.',
  'The raw loop is the limit for one text a run: its figures are runs, its latency is that of a run.',
  'CPU efficiency: CPU-ms a run of the raw loop / CPU-ms a request of all processes of a side, on the same file.',
  'Targets are judged by the median. Ratios and differences are taken within a round.',
  'F1 against the labels of those sentences, exact spans. "F1 of PER, ORG, LOC" counts these types alone, on both sides; of spaCy, PERSON is PER, ORG is ORG, and GPE, LOC and FAC are LOC. Its model was trained on OntoNotes, whose spans follow other rules.',
  'transformers.js feeds zeros where our models take case classes (token_type_ids), and answers tokens with labels; spans are made of them for the score.',
];

/** The command `peers`: installs what is missing, measures, prints, writes result and plot. */
export async function runPeers(flags: Flags): Promise<void> {
  const startedAt = new Date();
  const corpus = loadCorpus().slice(0, flags.sentences);
  const scoring = chooseScoring(flags, corpus);
  const { ready, skipped } = prepareSides(chosenSides(flags, corpus.length), {
    strict: flags.only !== undefined,
  });
  const rounds = await measureRounds(
    ready.map(({ side }) => side),
    { rounds: flags.rounds, corpus, scoring, load: flags },
  );

  const comparison = compareSides(rounds);
  const names = ready.map(({ side }) => side.name);
  const sameFile = ready.filter(({ side }) => side.variant === flags.variant);
  if (names.includes('raw-loop') && names.length > 1) {
    const onSameFile = sameFile.map(({ side }) => side.name);
    comparison.push(efficiencyOf('raw-loop', rounds, onSameFile));
  }
  console.log(formatMeasures('median (range)', comparison));
  const ratios = names.includes('entier') && names.length > 1 ? ratiosOf('entier', rounds) : [];
  if (ratios.length > 0) console.log(`\n${formatMeasures('entier / other', ratios)}`);
  const targets = peersTargets({ rounds, cards: qualitiesOf(flags) });
  console.log(`\n${formatTargets(targets)}\n`);
  for (const note of peersNotes) console.log(`- ${note}`);
  for (const { name, reason } of skipped) console.log(`- ${name} was left out: ${reason}`);

  const sides = ready.map(({ side: { name, about, variant }, versions }) => ({
    name,
    about,
    variant: variant ?? null,
    versions,
  }));
  const result = { sides, skipped, notes: peersNotes, comparison, ratios, targets, rounds };
  const options = {
    what: 'peers',
    startedAt,
    parameters: {
      ...flags,
      sentences: corpus.length,
      // The folder belongs to a machine.
      data: undefined,
      scoredOn: scoring.once ? 'CoNLL-2003 validation' : 'corpus',
      scoredSentences: scoring.sentences.length,
    },
    folder: flags.out,
  };
  const file = writeResult(options, result);
  const plotFile = file.replace(/\.json$/, '.svg');
  const load = `${flags.variant}, ${flags.connections} connections, ${flags.rounds} rounds of ${flags.duration} s.`;
  writeFileSync(plotFile, plotPeers({ comparison, notes: [load] }));
  console.log(`\n${file}\n${plotFile}`);
}

/** Throws UsageError where the folder lacks the file. */
function chooseScoring({ data }: Flags, corpus: readonly CorpusSentence[]): Scoring {
  if (data === undefined) return { sentences: corpus, once: false };
  const file = path.join(data, 'eng.testa');
  if (!existsSync(file)) {
    throw new UsageError(`--data takes a folder with eng.testa; there is no ${file}`);
  }
  return { sentences: readConll(file), once: true };
}

/** F1 on validation, by the cards. */
function qualitiesOf(flags: Flags): { variant: number; fp32Variant: number } {
  const [variant, fp32Variant] = [flags.variant, flags['fp32-variant']].map(
    (name) => readCard(flags.models, name).quality.value,
  );
  return { variant: variant!, fp32Variant: fp32Variant! };
}

function chosenSides(flags: Flags, sentences: number): Side[] {
  const unknown = flags.only?.filter((name) => !sideNames.some((known) => known === name)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(`--only names ${unknown.join(', ')}; there are ${sideNames.join(', ')}`);
  }
  // A name that is wrong ends the run before anything is installed.
  for (const variant of [flags.variant, flags['fp32-variant']]) readCard(flags.models, variant);
  const sides = makeSides({
    modelsDir: flags.models,
    variant: flags.variant,
    fp32Variant: flags['fp32-variant'],
    threads: flags['peer-threads'],
    fastapiWorkers: flags['fastapi-workers'],
    spacyWorkers: flags['spacy-workers'],
    sentences,
    rawProcesses: flags['raw-processes'],
  });
  return sides.filter(({ name }) => flags.only?.includes(name) ?? true);
}

interface Prepared {
  ready: { side: Side; versions: Record<string, string> }[];
  skipped: { name: string; reason: string }[];
}

/** Installs the sides; one that cannot be had is left out with its reason, or, when strict, ends the run. */
export function prepareSides(sides: readonly Side[], { strict }: { strict: boolean }): Prepared {
  const prepared: Prepared = { ready: [], skipped: [] };
  for (const side of sides) {
    try {
      prepared.ready.push({ side, versions: side.prepare() });
    } catch (error) {
      if (strict) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      prepared.skipped.push({ name: side.name, reason });
      console.error(`left out: ${side.name}: ${reason}`);
    }
  }
  if (prepared.ready.length === 0) throw new Error('no side is left to measure');
  return prepared;
}
