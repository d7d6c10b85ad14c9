import { coreWaitMs } from '../runtime/core-wait.js';
import type { WorkerLayout } from '../runtime/worker-layout.js';

/** Other work takes so much of the host that nothing measured now would be true later. */
export class HostBusyError extends Error {
  override readonly name = 'HostBusyError';
}

/** On two idle cores it was .03 to .10 (.16 with models that take no time), beside one busy process .19 to .29. */
const MAX_WAITING_SHARE = 0.17;

export interface CoreWaitsOptions {
  readonly cores: number;
  readonly now: () => number;
  /** Replaced in tests. */
  readonly timeOf?: typeof coreWaitMs | undefined;
}

/**
 * Finds out whether the cores are ours while layouts are measured: one that leaves a core to HTTP uses no more than there
 * are, so where its workers wait for one, others have it. Finds nothing where the system does not tell of waits.
 */
export class CoreWaits {
  readonly #options: CoreWaitsOptions;
  #waitedMs = 0;
  #workerMs = 0;

  constructor(options: CoreWaitsOptions) {
    this.#options = options;
  }

  /** Runs the slice, and counts how its workers fared if they leave a core. */
  async during<T>(
    slice: () => Promise<T>,
    { workers, threads }: WorkerLayout,
    { pids }: { readonly pids: readonly number[] },
  ): Promise<T> {
    const { cores, now, timeOf = coreWaitMs } = this.#options;
    if (workers * threads >= cores) return slice();
    const startedAt = now();
    const before = timeOf(pids);
    const result = await slice();
    const after = timeOf(pids);
    if (before !== undefined && after !== undefined) {
      this.#waitedMs += after - before;
      this.#workerMs += workers * (now() - startedAt);
    }
    return result;
  }

  /** Throws HostBusyError where workers waited too long so far. */
  check(): void {
    const share = this.#waitedMs / Math.max(1, this.#workerMs);
    if (share <= MAX_WAITING_SHARE) return;
    const percent = Math.round(share * 100);
    throw new HostBusyError(
      `other work takes the cores: workers waited for one ${percent} % of the time; start again when the host is idle, or set ENTIER_WORKERS`,
    );
  }
}
