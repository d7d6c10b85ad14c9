import path from 'node:path';
import type { BuildJob } from '../building/build-job.js';
import { memoryLimitFor } from '../building/memory-limit.js';
import { variantName } from '../names.js';
import { ModelsFolder } from '../registry/models-folder.js';
import { usageError } from './cli-error.js';
import type { Flags, FlagSpec } from './flags.js';
import { parentVariant } from './parent-variant.js';

export const modelsFlag = { models: { value: 'DIR', help: 'the models folder (models)' } } as const;

export const jobFlags = {
  ...modelsFlag,
  threads: { value: 'N', help: 'of a session while it is gated and timed (1)' },
  'max-memory': {
    value: 'MB',
    help: 'of the builder, which is killed beyond it (512 + 8 x the file)',
  },
} as const satisfies Record<string, FlagSpec>;

export function modelsDirOf(flags: Flags): string {
  return path.resolve(flags.text('models') ?? 'models');
}

/** What a build and a fit have in common. Rejects with CliError, FolderError or ModelsError. */
export async function jobOf(
  flags: Flags,
  nameOf: (parent: string) => string,
): Promise<Omit<BuildJob, 'recipe' | 'outputDir' | 'minAgreement'> & { folder: ModelsFolder }> {
  const modelsDir = modelsDirOf(flags);
  const folder = new ModelsFolder(modelsDir);
  const parent = flags.required('parent');
  const facts = await parentVariant(folder, modelsDir, parent);
  const name = variantName.safeParse(flags.text('name') ?? nameOf(parent));
  if (!name.success) throw usageError(`--name: ${name.error.issues[0]!.message}`);
  await folder.checkName(name.data);
  const maxMegabytes = flags.number('max-memory', { min: 1, max: 1e6 });
  return {
    folder,
    name: name.data,
    ...facts,
    threads: flags.number('threads', { min: 1, max: 64, whole: true }) ?? 1,
    maxMemoryBytes:
      maxMegabytes === undefined ? memoryLimitFor(facts.parent.sizeBytes) : maxMegabytes * 1e6,
  };
}

/** Refuses what a command does not take. */
export function noPositionals(flags: Flags): void {
  const [first] = flags.positionals;
  if (first !== undefined) throw usageError(`"${first}" is not a flag; values stand behind flags`);
}
