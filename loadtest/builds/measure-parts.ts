import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { loadCorpus, type CorpusSentence } from '../corpus/corpus.js';
import { UsageError } from '../flags.js';
import { readCard, tokenizerOf, type CardFacts } from '../model-card.js';
import { withProgress, type Step } from '../progress.js';
import { makeTemporaryFolder } from '../temporary-folder.js';
import type { BuildsFlags, Part } from './builds-flags.js';
import type { BuildsFindings, FileFindings } from './builds-report.js';
import { findBuiltFile } from './built-file.js';
import { cycleBuilds, type CycleRun } from './cycle-builds.js';
import { withBuildsGateway, type BuildsGateway } from './open-builds-gateway.js';
import { runInTurns } from './paired-runs.js';
import { scoreServed, type ServedF1 } from './score-served.js';
import { serveSteps, serveWhileBuilding, type ServeResult } from './serve-while-building.js';
import { timeBuilds, type BuildRun } from './time-builds.js';

/** A split of CoNLL-2003 on which F1 is asked for. */
export interface SplitOfData {
  split: string;
  sentences: CorpusSentence[];
}

export interface MeasuredParts extends Omit<BuildsFindings, 'cycles'> {
  cycles?: CycleRun;
}

interface PartsOptions {
  flags: BuildsFlags;
  /** Of the parent. */
  card: CardFacts;
  splits: readonly SplitOfData[];
  maxSendLagP99Ms?: number;
}

interface PartRun extends PartsOptions {
  recipe: object;
  next: (unplanned?: Step) => void;
}

const measures: Readonly<Record<Part, (run: PartRun) => Promise<MeasuredParts>>> = {
  time: async (run) => ({ time: await measureTimes(run) }),
  file: async (run) => ({ file: await measureFile(run) }),
  serve: async (run) => ({ serve: await measureServing(run) }),
  cycles: async (run) => ({ cycles: await measureCycles(run) }),
};

/** Measures the parts, one after the other. */
export async function measureParts(
  parts: readonly Part[],
  options: PartsOptions,
): Promise<MeasuredParts> {
  const recipe = { precision: options.flags.precision };
  return withProgress({ steps: parts.flatMap((part) => stepsOf(part, options)) }, async (next) => {
    let measured: MeasuredParts = {};
    for (const part of parts) {
      measured = { ...measured, ...(await measures[part]({ ...options, recipe, next })) };
    }
    return measured;
  });
}

async function measureTimes({ flags, card, recipe, next }: PartRun): Promise<BuildRun[]> {
  const { builds, starts, parent } = flags;
  const runs: BuildRun[] = [];
  for (let start = 0; start < starts; start++) {
    next();
    const count = share(builds, starts, start);
    const options = { parent, card, recipe, builds: count };
    runs.push(...(await withParent(flags, (gateway) => timeBuilds(gateway, options))));
  }
  return runs;
}

async function measureFile(run: PartRun): Promise<FileFindings> {
  const { flags, card, recipe, splits, next } = run;
  const { models, parent, reference, passes, sentences } = flags;
  const folder = makeTemporaryFolder('entier-built-file-');
  try {
    next();
    const built = path.join(folder.path, 'model.onnx');
    const f1 = await withParent(flags, async (gateway): Promise<ServedF1[]> => {
      requireServing('reference', reference, gateway.variants);
      const { url, pid } = gateway;
      const name = 'built-file';
      await gateway.admin.build({ parent, recipe, name });
      copyFileSync(findBuiltFile(gateway.temporaryFolder, name).path, built);
      const scores: ServedF1[] = [];
      for (const split of splits) {
        next();
        scores.push(await scoreServed({ url, pid, built: name, reference, ...split }));
      }
      return scores;
    });
    next();
    const ofPython = path.join(models, reference, readCard(models, reference).file);
    const tokenizer = tokenizerOf(models, card);
    const count = sentences ?? loadCorpus().length;
    const options = { tokenizer, built, reference: ofPython, sentences: count, passes };
    return { runTimes: await runInTurns(options), f1 };
  } finally {
    folder.remove();
  }
}

async function measureServing(run: PartRun): Promise<ServeResult> {
  const { flags, recipe, next, maxSendLagP99Ms } = run;
  const { parent, pairs, seed, window: seconds } = flags;
  const options = { flags, corpus: loadCorpus(), seed, pairs, seconds, parent, recipe };
  return withParent(flags, (gateway) => {
    requireServing('variant', flags.variant, gateway.variants);
    return serveWhileBuilding({ ...options, gateway, next, maxSendLagP99Ms });
  });
}

async function measureCycles({ flags, recipe, next }: PartRun): Promise<CycleRun> {
  const { parent, cycles } = flags;
  return withParent(flags, (gateway) => cycleBuilds(gateway, { parent, recipe, cycles, next }));
}

async function withParent<T>(
  { models, parent }: BuildsFlags,
  work: (gateway: BuildsGateway) => Promise<T>,
): Promise<T> {
  return withBuildsGateway(models, async (gateway) => {
    requireServing('parent', parent, gateway.variants);
    return work(gateway);
  });
}

function requireServing(flag: string, name: string | undefined, served: readonly string[]): void {
  if (name !== undefined && !served.includes(name)) {
    throw new UsageError(`--${flag} takes ${served.join(' or ')}, not "${name}"`);
  }
}

/** For the time left only. */
const secondsOf = { start: 12, build: 3, sentence: 0.006, run: 0.0035 };

function stepsOf(part: Part, { flags, splits }: PartsOptions): Step[] {
  const { builds, starts, cycles, pairs, passes, sentences } = flags;
  switch (part) {
    case 'time':
      return Array.from({ length: starts }, (_, start) => ({
        label: `builds, start ${start + 1}`,
        seconds: secondsOf.start + secondsOf.build * share(builds, starts, start),
      }));
    case 'file':
      return [
        { label: 'building a file', seconds: secondsOf.start + secondsOf.build },
        ...splits.map((one) => ({
          label: `F1 on ${one.split}`,
          seconds: 2 * secondsOf.sentence * one.sentences.length,
        })),
        {
          label: 'run times in turns',
          seconds: 2 * secondsOf.run * (passes + 1) * (sentences ?? loadCorpus().length),
        },
      ];
    case 'serve':
      return serveSteps(flags, pairs, flags.window);
    case 'cycles':
      return Array.from({ length: cycles }, (_, cycle) => ({
        label: `cycle ${cycle + 1}`,
        seconds: secondsOf.build + 1,
      }));
  }
}

/** Of things that are spread over starts as evenly as they go, those of one. */
function share(total: number, starts: number, start: number): number {
  return Math.floor(total / starts) + (start < total % starts ? 1 : 0);
}
