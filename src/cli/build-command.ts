import { defaultFloor } from '../building/agreement-floor.js';
import type { BuildProgress } from '../building/build-job.js';
import { startBuild } from '../building/start-build.js';
import { nameOfBuild } from '../building/variant-name.js';
import { builtOrThrow, describeBuilt } from './build-report.js';
import { Flags, type FlagSpec } from './flags.js';
import { jobFlags, jobOf, noPositionals } from './job-flags.js';
import { recipeFlags, recipeOf } from './recipe-flags.js';
import { runJob } from './run-job.js';

export const buildFlags = {
  parent: { value: 'NAME', help: 'the variant to make it from' },
  ...recipeFlags,
  name: { value: 'NAME', help: 'of the new variant (made from parent and recipe)' },
  'min-agreement': {
    value: '.97',
    help: "entity F1 against the parent's answers below which nothing is kept (.97; .80 for cuts)",
  },
  ...jobFlags,
} as const satisfies Record<string, FlagSpec>;

/** Builds a variant, gates it and takes it into the models folder. */
export async function buildCommand(args: readonly string[]): Promise<void> {
  const flags = new Flags(args, buildFlags);
  noPositionals(flags);
  const recipe = recipeOf(flags);
  const minAgreement = flags.number('min-agreement', { min: 0, max: 1 });
  const { folder, ...job } = await jobOf(flags, (parent) => nameOfBuild(parent, recipe));
  const floor = minAgreement ?? defaultFloor(recipe, job.parent);
  const startedAt = performance.now();
  await runJob(
    {
      start: (outputDir, onProgress: (progress: BuildProgress) => void) =>
        startBuild({ ...job, recipe, minAgreement: floor, outputDir }, onProgress),
      show: (bar, { share, state }: BuildProgress) => bar.show(share, `${state} ${job.name}`),
    },
    async (outcome, outputDir) => {
      const built = builtOrThrow(outcome);
      const requestMs = performance.now() - startedAt;
      await folder.keep(outputDir);
      console.log(describeBuilt(built, requestMs));
    },
  );
}
