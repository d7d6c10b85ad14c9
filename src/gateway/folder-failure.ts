import { errors, type GatewayError } from '../errors.js';
import { LockedError } from '../registry/folder-lock.js';
import { FolderError } from '../registry/folder-error.js';
import { ModelsError } from '../registry/read-models.js';

/** What a caller is told who asked for a change of the models folder that could not be made; undefined: a bug. No path. */
export function folderFailure(error: unknown): GatewayError | undefined {
  if (error instanceof FolderError) {
    return error.code === 'storage_full'
      ? errors.storageFull(error)
      : errors.conflict(sentence(error.message));
  }
  if (error instanceof LockedError) return errors.conflict(sentence(error.message));
  if (!(error instanceof ModelsError)) return undefined;
  const detail = error.detail.replaceAll(/\s+/g, ' ');
  return errors.conflict(`The models folder cannot be used: ${detail}. Mend it and ask again.`);
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
