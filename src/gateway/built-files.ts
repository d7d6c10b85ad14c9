import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const PREFIX = 'entier-built-';
const FOLDER = new RegExp(`^${PREFIX}(\\d+)-`);

/** Folders of variants that are not kept: they are there as long as this process needs them. */
export class BuiltFiles {
  readonly #folders = new Set<string>();

  /** An empty folder. */
  async open(): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
    this.#folders.add(folder);
    return folder;
  }

  has(folder: string): boolean {
    return this.#folders.has(folder);
  }

  /** Nothing happens to a folder that was not opened here. */
  async remove(folder: string): Promise<void> {
    if (this.#folders.delete(folder)) await rm(folder, { recursive: true, force: true });
  }

  async removeAll(): Promise<void> {
    await Promise.all([...this.#folders].map((folder) => this.remove(folder)));
  }

  /** Those of processes that were killed and could not remove them. */
  static async sweep(): Promise<void> {
    for (const entry of await readdir(tmpdir())) {
      const pid = FOLDER.exec(entry)?.[1];
      if (pid === undefined || isAlive(Number(pid))) continue;
      await rm(path.join(tmpdir(), entry), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is another user's, and so not ours to clean up after.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
