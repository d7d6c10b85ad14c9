import { isStorageFull } from './write-durably.js';

export type FolderErrorCode =
  | 'name_taken'
  | 'unknown_variant'
  /** Another variant was made from it. */
  | 'is_parent'
  /** It did not come from a build, so that it cannot be made again. */
  | 'not_built'
  /** A manifest lists one variant at least that is not retired. */
  | 'last_one'
  | 'storage_full'
  | 'not_writable';

/** A change of the models folder is refused; the message says why and what to do. Nothing was changed. */
export class FolderError extends Error {
  override readonly name = 'FolderError';

  constructor(
    readonly code: FolderErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the host is what refuses, and another command would not help. */
  get isOfHost(): boolean {
    return this.code === 'storage_full' || this.code === 'not_writable';
  }
}

const NOT_WRITABLE = ['EACCES', 'EPERM', 'EROFS'];

/** What an error of the file system means for a change of the models folder; undefined: something else. */
export function writeFailure(error: unknown): FolderError | undefined {
  const full = 'there is no room left in the models folder; free some and ask again';
  if (isStorageFull(error)) return new FolderError('storage_full', full, { cause: error });
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!NOT_WRITABLE.includes(code)) return undefined;
  const closed = `the models folder cannot be written (${code}); give the user of this process the right to`;
  return new FolderError('not_writable', closed, { cause: error });
}
