import path from 'node:path';
import type { BuildJob } from '../building/build-job.js';
import type { ModelsFolder } from '../registry/models-folder.js';
import { verifiedTokenizerPath } from '../registry/read-models.js';
import { CliError, usageError } from './cli-error.js';

/** What a build needs of the variant that it is made from. Rejects with CliError, or ModelsError. */
export async function parentVariant(
  folder: ModelsFolder,
  modelsDir: string,
  name: string,
): Promise<Pick<BuildJob, 'parent' | 'parentModelPath' | 'tokenizerPath'>> {
  const listed = await folder.list();
  const found = listed.find((variant) => variant.name === name);
  if (found === undefined) {
    const names = listed.map((variant) => variant.name).join(', ');
    throw usageError(`there is no variant ${name} in ${modelsDir}; there are ${names}`);
  }
  const { card } = found;
  if (!('name' in card)) throw new CliError(`${name} cannot be used: ${card.problem}`);
  return {
    parent: card,
    parentModelPath: path.join(modelsDir, name, card.file),
    tokenizerPath: await verifiedTokenizerPath(modelsDir, card),
  };
}
