import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { plotCascades } from './cascade/cascade-plot.js';
import {
  bestCascade,
  cascadeTarget,
  formatCascades,
  isSame,
  rowsOf,
  type CascadeRow,
} from './cascade/cascade-report.js';
import { measureCascades } from './cascade/measure-cascades.js';
import { choosePairs, readVariants, type VariantPair } from './cascade/variant-pairs.js';
import { resultFlags } from './common-flags.js';
import { readConll } from './conll.js';
import type { CorpusSentence } from './corpus/corpus.js';
import { UsageError, type FlagSpec, type FlagValues } from './flags.js';
import { writeResult } from './result-file.js';
import { formatSpread } from './table.js';
import { formatTargets } from './targets.js';

export const cascadeFlags = {
  data: {
    kind: 'text',
    default: undefined,
    help: 'The folder of the CoNLL-2003 column files, which are no part of the project; eng.testa is read.',
  },
  pairs: {
    kind: 'texts',
    default: undefined,
    help: 'Such as small:large,small:medium. Default: the calibrated variant of the lowest F1 with each better one that no other beats at no more processor time.',
  },
  thresholds: {
    kind: 'numbers',
    default: [],
    min: 0,
    max: 100,
    help: 'Error probabilities up to which a first answer is kept, per cent; default: chosen for each pair on the same texts, --threshold-count of them.',
  },
  'threshold-count': {
    kind: 'number',
    default: 3,
    min: 1,
    max: 15,
    help: 'Thresholds that are chosen for each pair.',
  },
  singles: {
    kind: 'texts',
    default: undefined,
    help: 'Variants that are measured alone; default: all of the manifest. Those of the pairs always are.',
  },
  rounds: { kind: 'number', default: 3, min: 1, max: 100, help: 'Rounds over all texts.' },
  connections: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 64,
    help: 'Texts under way at once. With many, load makes cascades leave second stages out.',
  },
  test: {
    kind: 'switch',
    help: 'One pass over eng.testb too, which is only reported: nothing is chosen by it.',
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
  'Cascades of two variants on CoNLL-2003 (validation) against variants alone: served F1 and processor time.';

/** What the columns mean; behind --help, under the table and in the result. */
export const cascadeNotes = [
  'Texts are asked over open connections, past the cache and with time enough. Each pair has a gateway that holds these two variants, the variants alone have one together, and all gateways have workers of one thread.',
  'CPU-ms: processor time of all processes of the gateway over all texts, from /proc (Linux), a text. Rounds go over all texts in all ways, in turns; medians and ranges are over the rounds.',
  '"Improved" is the share of texts that the second variant answered. "F1 over it": over the best variant alone that takes no more processor time, within each round.',
  'Thresholds that are not given are those that promise most over a variant alone, by a pass over the same texts that is not counted; the margin maps of the cards were fitted on that split too. The test split is only reported.',
];

const VALIDATION_FILE = 'eng.testa';
const TEST_FILE = 'eng.testb';

/** The command `cascade`: measures, prints, writes result and plot. */
export async function runCascade(flags: Flags): Promise<void> {
  if (flags.data === undefined) {
    throw new UsageError(
      `--data is needed: the folder of the CoNLL-2003 files with ${VALIDATION_FILE}`,
    );
  }
  const files = [VALIDATION_FILE, ...(flags.test ? [TEST_FILE] : [])].map((name) =>
    path.join(flags.data!, name),
  );
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) {
    console.log(`skipped: there is no ${missing}; --data takes the folder of the CoNLL-2003 files`);
    return;
  }
  const variants = readVariants(flags.models);
  const pairs = choosePairs(variants, flags.pairs);
  const known = variants.map(({ name }) => name);
  const singles = chooseSingles(known, pairs, flags.singles);
  const [validation, test] = files.map((file) => readConll(file).slice(0, flags.sentences));

  const startedAt = new Date();
  const measured = await measureCascades({
    modelsDir: flags.models,
    singles,
    pairs,
    prunesPairs: flags.pairs === undefined,
    thresholds: flags.thresholds.length === 0 ? undefined : flags.thresholds,
    thresholdCount: flags['threshold-count'],
    rounds: flags.rounds,
    connections: flags.connections,
    validation: validation!,
    test,
  });
  const rows = rowsOf(measured.rounds);
  const target = cascadeTarget(rows);
  const testRows = measured.test && rowsOf([measured.test]);
  console.log(formatCascades('validation', rows));
  if (testRows !== undefined) console.log(`\n${formatCascades('test', testRows)}`);
  console.log(`\n${formatTargets([target])}`);
  const best = bestCascade(rows);
  if (best !== undefined) console.log(`\n${describeBest(best, testRows)}`);
  console.log(`\n${cascadeNotes.map((note) => `- ${note}`).join('\n')}`);

  const counts = (sentences: readonly CorpusSentence[] | undefined) => sentences?.length ?? null;
  const parameters = {
    ...flags,
    // The folder belongs to a machine.
    data: undefined,
    sentences: counts(validation),
    testSentences: counts(test),
  };
  const file = writeResult(
    { what: 'cascade', startedAt, parameters, folder: flags.out },
    { notes: cascadeNotes, rows, target, test: testRows ?? null, rounds: measured.rounds },
  );
  const plotFile = file.replace(/\.json$/, '.svg');
  const how = `CoNLL-2003 validation, ${validation!.length} sentences, ${flags.connections} at once, ${flags.rounds} rounds.`;
  writeFileSync(plotFile, plotCascades({ rows, notes: [how] }));
  console.log(`\n${file}\n${plotFile}`);
}

/** The cascade that was best on validation, with what it gains on the test split. */
function describeBest(best: CascadeRow, testRows: readonly CascadeRow[] | undefined): string {
  const onTest = testRows?.find((row) => isSame(row, best))?.gain ?? null;
  const text = `best: ${best.name} at ${best.thresholdPercent! / 100}, over ${best.bestSingle}`;
  return onTest === null ? text : `${text}; F1 over it on test: ${formatSpread(onTest, 4)}`;
}

/** In the order of the manifest. */
function chooseSingles(
  known: readonly string[],
  pairs: readonly VariantPair[],
  named: readonly string[] | undefined,
): string[] {
  const unknown = named?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(`--singles names ${unknown.join(', ')}; there are ${known.join(', ')}`);
  }
  const ofPairs = pairs.flatMap(({ first, second }) => [first.name, second.name]);
  return known.filter((name) => ofPairs.includes(name) || (named?.includes(name) ?? true));
}
