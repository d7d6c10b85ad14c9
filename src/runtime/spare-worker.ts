import { canRestorePriority, lowerPriority, restorePriority } from './process-priority.js';
import { RunFailedError } from './worker.js';
import type { PoolWorker } from './pool-worker.js';
import type { BatchInput, LoadVariant } from './protocol.js';

/** A worker that was to take another's place cannot load what it should; the others serve as before. */
export class SpareFailedError extends Error {
  override readonly name = 'SpareFailedError';
}

/** A session of 1 GB takes some seconds; what takes longer than this will never come. */
const LOAD_TIMEOUT_MS = 120_000;
/** The shortest window that any variant must take. */
const WARM_UP_TOKENS = 8;

/**
 * Loads variants in a worker that serves nobody, and runs each of the new ones once, since a session's first run is slow.
 * At low priority where that can be taken back. Rejects with SpareFailedError or WorkerDiedError; the worker is of no
 * use then.
 */
export async function loadSpare(
  worker: PoolWorker,
  variants: readonly LoadVariant[],
): Promise<void> {
  const mayLower = canRestorePriority();
  const timer = setTimeout(() => worker.kill(), LOAD_TIMEOUT_MS);
  if (mayLower) await lowerPriority(worker.pid);
  try {
    const [failed] = await worker.load(variants);
    if (failed !== undefined) throw new SpareFailedError(`${failed.name}: ${failed.detail}`);
    for (const { name } of variants) await warmUp(worker, name);
  } finally {
    if (mayLower) await restorePriority(worker.pid);
    clearTimeout(timer);
  }
}

async function warmUp(worker: PoolWorker, name: string): Promise<void> {
  try {
    await worker.run(warmUpBatch(name), LOAD_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof RunFailedError)) throw error;
    throw new SpareFailedError(`${name}: ${error.message}`, { cause: error });
  }
}

/** Its run time does not depend on which tokens these are. */
function warmUpBatch(variant: string): BatchInput {
  return {
    variant,
    lengths: Int32Array.of(WARM_UP_TOKENS),
    ids: new Int32Array(WARM_UP_TOKENS).fill(1),
    caseTypes: new Uint8Array(WARM_UP_TOKENS),
  };
}
