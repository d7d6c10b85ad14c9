import { recipeInWords } from '../building/card-recipe.js';
import type { FitOutcome, FitPoint, FitProgress } from '../building/fit-job.js';
import { startFit } from '../building/start-fit.js';
import { builtOrThrow, describeBuilt, megabytes, share } from './build-report.js';
import { CliError, EXIT, usageError } from './cli-error.js';
import { Flags, type FlagSpec } from './flags.js';
import { jobFlags, jobOf, noPositionals } from './job-flags.js';
import { runJob } from './run-job.js';

const DEFAULT_TOKENS = 32;
const DEFAULT_FLOOR = 0.97;

export const fitFlags = {
  parent: { value: 'NAME', help: 'the variant to make it from' },
  'max-ms': { value: '2', help: 'that a window may take, alone on a worker' },
  tokens: { value: 'N', help: 'of that window (32)' },
  'min-agreement': { value: '.97', help: "entity F1 against the parent's answers (.97)" },
  name: { value: 'NAME', help: 'of the new variant (NAME-fit-MSms)' },
  ...jobFlags,
} as const satisfies Record<string, FlagSpec>;

/** Finds the best recipe for this host, takes what it makes into the models folder and prints the front. */
export async function fitCommand(args: readonly string[]): Promise<void> {
  const flags = new Flags(args, fitFlags);
  noPositionals(flags);
  const maxMs = flags.number('max-ms', { min: 0.001, max: 60_000 });
  if (maxMs === undefined) throw usageError('--max-ms is missing');
  const tokens = flags.number('tokens', { min: 3, max: 8192, whole: true }) ?? DEFAULT_TOKENS;
  const minAgreement = flags.number('min-agreement', { min: 0, max: 1 }) ?? DEFAULT_FLOOR;
  const { folder, ...job } = await jobOf(flags, (parent) => `${parent}-fit-${maxMs}ms`);
  const { maxLength } = job.parent.inputs;
  if (tokens > maxLength) {
    throw usageError(`--tokens: a window of ${job.parent.name} has at most ${maxLength}`);
  }
  const startedAt = performance.now();
  await runJob(
    {
      start: (outputDir, onProgress: (progress: FitProgress) => void) =>
        startFit({ ...job, tokens, maxMs, minAgreement, outputDir }, onProgress),
      show: (bar, { share: done, builds, maxBuilds, recipe }: FitProgress) =>
        bar.show(done, `${builds} of at most ${maxBuilds}: ${describeRecipe(recipe)}`),
    },
    async (outcome: FitOutcome, outputDir) => {
      if (outcome.kind === 'failed' || outcome.kind === 'cancelled') {
        builtOrThrow(outcome);
        return;
      }
      console.log(describeFront(outcome.front, tokens));
      if (outcome.kind === 'nothing_chosen') {
        throw new CliError(`nothing was made: ${outcome.detail}`, EXIT.notGoodEnough);
      }
      await folder.keep(outputDir);
      console.log(`\n${describeBuilt(outcome.built, performance.now() - startedAt)}`);
    },
  );
}

function describeRecipe(recipe: FitPoint['recipe']): string {
  const words = recipeInWords(recipe);
  return words === '' ? 'the parent as it is' : words;
}

function describeFront(front: readonly FitPoint[], tokens: number): string {
  const rows = front.map(({ ms, agreement, sizeBytes, fits, recipe }) =>
    [
      `${ms.toFixed(2)} ms`.padStart(10),
      share(agreement).padStart(9),
      megabytes(sizeBytes).padStart(9),
      fits ? 'yes ' : 'no  ',
      describeRecipe(recipe),
    ].join('  '),
  );
  return [`${tokens} tokens  agreement       size  fits  recipe`, ...rows].join('\n');
}
