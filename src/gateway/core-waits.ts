import { coreTime, type CoreTime } from '../runtime/core-time.js';
import type { WorkerLayout } from '../runtime/worker-layout.js';

/** Other work takes so much of the host that nothing measured now would be true later. */
export class HostBusyError extends Error {
  override readonly name = 'HostBusyError';
}

/** On two idle cores it was .06 to .10, with one busy process beside it .25 to .39. */
const MAX_WAITING_SHARE = 0.15;

/**
 * Finds out whether the cores are ours while layouts are measured: one that leaves a core to HTTP uses no more than there
 * are, so where its workers wait for one, others have it. Finds nothing where the system does not tell of waits.
 */
export class CoreWaits {
  readonly #cores: number;
  readonly #timeOf: typeof coreTime;
  #ranMs = 0;
  #waitedMs = 0;

  constructor(cores: number, timeOf: typeof coreTime = coreTime) {
    this.#cores = cores;
    this.#timeOf = timeOf;
  }

  /** Runs the slice, and counts how its workers fared if they leave a core. */
  async during<T>(
    slice: () => Promise<T>,
    { workers, threads }: WorkerLayout,
    { pids }: { readonly pids: readonly number[] },
  ): Promise<T> {
    if (workers * threads >= this.#cores) return slice();
    const before = this.#timeOf(pids);
    const result = await slice();
    this.#count(before, this.#timeOf(pids));
    return result;
  }

  /** Throws HostBusyError where workers waited too long so far. */
  check(): void {
    const share = this.#waitedMs / Math.max(1, this.#ranMs + this.#waitedMs);
    if (share <= MAX_WAITING_SHARE) return;
    const percent = Math.round(share * 100);
    throw new HostBusyError(
      `other work takes the cores: workers waited for one ${percent} % of their time; start again when the host is idle, or set ENTIER_WORKERS`,
    );
  }

  #count(before: CoreTime | undefined, after: CoreTime | undefined): void {
    if (before === undefined || after === undefined) return;
    this.#ranMs += after.ranMs - before.ranMs;
    this.#waitedMs += after.waitedMs - before.waitedMs;
  }
}
