import { ModelsFolder } from '../registry/models-folder.js';
import { usageError } from './cli-error.js';
import { Flags, type FlagSpec } from './flags.js';
import { modelsDirOf, modelsFlag } from './job-flags.js';

export const rmFlags = {
  force: { help: 'also one that no build made' },
  ...modelsFlag,
} as const satisfies Record<string, FlagSpec>;

/** Removes variants, in the order given, from the manifest and from disk. */
export async function rmCommand(args: readonly string[]): Promise<void> {
  const flags = new Flags(args, rmFlags);
  if (flags.positionals.length === 0) throw usageError('say which variants to remove');
  const folder = new ModelsFolder(modelsDirOf(flags));
  for (const name of flags.positionals) {
    await folder.forget(name, { force: flags.has('force') });
    console.log(`removed ${name}`);
  }
}
