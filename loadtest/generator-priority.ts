import { getPriority, setPriority } from 'node:os';

/** Above what a gateway beside it has. */
const PREFERRED = -10;

/**
 * Runs `work` while this process goes before all others, where it may: on a host of its own it would not have to wait for
 * the server under test either, and a request that leaves late makes a figure worthless. Start no server meanwhile, since
 * it would take the priority over.
 */
export async function beforeOthers<T>(work: () => Promise<T>): Promise<T> {
  const usual = getPriority();
  if (!setQuietly(PREFERRED)) return work();
  try {
    return await work();
  } finally {
    setQuietly(usual);
  }
}

function setQuietly(priority: number): boolean {
  try {
    setPriority(priority);
    return true;
  } catch {
    // Below 0 only with CAP_SYS_NICE.
    return false;
  }
}
