import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes a file so that there is the old one or the new one whenever the process or the machine ends: aside, synced,
 * renamed. What was written aside is gone after a failure. Rejects with the file system's own error.
 */
export async function writeDurably(file: string, content: Uint8Array | string): Promise<void> {
  const aside = `${file}.part`;
  try {
    const handle = await open(aside, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolder(path.dirname(file));
}

/** Makes what was created, renamed and removed in a folder last. Some systems cannot, and need not. */
export async function syncFolder(dir: string): Promise<void> {
  let handle;
  try {
    handle = await open(dir, 'r');
  } catch (error) {
    if (['EISDIR', 'EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EBADF'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  } finally {
    await handle.close();
  }
}

const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Whether a write failed because the disk, a quota or a limit of the process is full. */
export function isStorageFull(error: unknown): boolean {
  return NO_ROOM.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}
