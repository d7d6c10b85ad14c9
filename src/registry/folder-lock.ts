import { open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 50;
const GIVE_UP_AFTER_MS = 10_000;

/** Another process holds the lock, or one on another host that may be gone. The message names no path. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
}

/**
 * Does `work` while no other process that asks for the same lock file does its own. The lock of a process of this host
 * that has died is taken over. Rejects with LockedError after 10 s, and as `work` does.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await acquire(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(`${process.pid} ${hostname()}`);
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = await readFile(file, 'utf8').catch(() => '');
    if (isDead(owner)) {
      await rm(file, { force: true });
      continue;
    }
    if (performance.now() > giveUpAt) {
      throw new LockedError(
        `another process (${owner || 'unknown'}) is changing the models folder; if it is gone, remove ${path.basename(file)} there`,
      );
    }
    await delay(RETRY_MS);
  }
}

function isDead(owner: string): boolean {
  const [pid, host] = owner.split(' ');
  if (host !== hostname() || !/^\d+$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
