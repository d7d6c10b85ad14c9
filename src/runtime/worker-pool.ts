import { PoolWorker } from './pool-worker.js';
import { WorkerDiedError } from './worker.js';
import { WorkerChanges } from './worker-changes.js';
import { WorkerPlaces, type RestartReason } from './worker-places.js';
import type { BatchInput, BatchOutput, LoadFailure, LoadVariant, Provider } from './protocol.js';
import type { Logger } from '../telemetry/logger.js';

export interface WorkerPoolOptions {
  readonly workers: number;
  /** The compiled worker-host.js. */
  readonly hostPath: string;
  readonly variants: readonly LoadVariant[];
  readonly logger: Logger;
  /** A worker became free: the caller may have a batch for it. */
  readonly onFree: () => void;
  readonly onRestart: (reason: RestartReason) => void;
  /** A variant that a worker in service cannot load; the pool goes on without it. */
  readonly onVariantFailed: (name: string, failure: LoadFailure, detail: string) => void;
}

/** What the workers take of memory, where the system tells it. */
export interface PoolMemory {
  /** Of all workers in service. */
  readonly residentBytes: number;
  /** The part of it that they took before they had loaded anything. */
  readonly emptyBytes: number;
}

const WATCH_EVERY_MS = 500;
const CLOSE_GRACE_MS = 1_000;

/**
 * Worker processes that each hold every variant. It runs what it is given; what runs when is the scheduler's. Variants
 * come and go while it runs: sessions are loaded in a spare worker only, which then takes another's place.
 */
export class WorkerPool {
  #options: WorkerPoolOptions;
  readonly #places: WorkerPlaces;
  readonly #changes: WorkerChanges;
  /** All that may be alive, spare ones included. */
  readonly #workers = new Set<PoolWorker>();
  readonly #watch: NodeJS.Timeout;
  #closing = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const { logger, onFree, onRestart } = options;
    this.#places = new WorkerPlaces({
      spawn: () => this.#spawn(),
      logger,
      onFree,
      onRestart,
      onFailedLoad: ({ name, failure, detail }) => {
        this.#changes.variants = this.#changes.variants.filter((held) => held.name !== name);
        this.#options.onVariantFailed(name, failure, detail);
      },
    });
    this.#changes = new WorkerChanges({
      places: this.#places,
      spawn: () => this.#spawn(),
      end: (worker) => worker.close(CLOSE_GRACE_MS),
      logger,
    });
    this.#watch = setInterval(() => this.#places.killHung(performance.now()), WATCH_EVERY_MS);
    this.#watch.unref();
  }

  /**
   * Starts all workers; resolves when each has loaded what it can. Rejects if one dies before that. `late` replaces
   * what was not known yet when the pool was made.
   */
  async start(late: Partial<Pick<WorkerPoolOptions, 'workers' | 'variants'>> = {}): Promise<void> {
    this.#options = { ...this.#options, ...late };
    const { workers, variants } = this.#options;
    this.#changes.variants = variants;
    const starts = Array.from({ length: workers }, (_, index) =>
      this.#places.fill(index, variants),
    );
    await Promise.all(starts);
  }

  /** Where a loaded variant runs. */
  providerOf(name: string): Provider | undefined {
    for (const { providers } of this.#places.alive) {
      const provider = providers.get(name);
      if (provider !== undefined) return provider;
    }
    return undefined;
  }

  /** That of ORT in the workers; known once they are up. */
  get runtimeVersion(): string {
    const known = this.#places.alive.find(({ runtimeVersion }) => runtimeVersion !== undefined);
    return known?.runtimeVersion ?? 'unknown';
  }

  get freeCount(): number {
    return this.#places.ready.filter(({ isBusy }) => !isBusy).length;
  }

  get readyCount(): number {
    return this.#places.ready.length;
  }

  /** Process ids of the living workers in service, for the operator's eyes and for tests. */
  get pids(): number[] {
    return this.#places.alive.map(({ pid }) => pid);
  }

  /** Undefined where the system does not tell. */
  memory(): PoolMemory | undefined {
    let residentBytes = 0;
    let emptyBytes = 0;
    for (const worker of this.#places.ready) {
      const { residentBytes: now, emptyBytes: before } = worker;
      if (now === undefined || before === undefined) return undefined;
      residentBytes += now;
      emptyBytes += before;
    }
    return { residentBytes, emptyBytes };
  }

  /**
   * Runs a batch on a free worker; there must be one. A run longer than `hungAfterMs` costs the worker its life.
   * Rejects with WorkerDiedError or RunFailedError.
   */
  async run(input: BatchInput, hungAfterMs: number): Promise<BatchOutput> {
    const worker = this.#places.ready.find(({ isBusy }) => !isBusy);
    if (worker === undefined) throw new Error('no worker is free; this is a bug');
    try {
      const output = await worker.run(input, hungAfterMs);
      this.#places.ranWell();
      return output;
    } finally {
      this.#places.leaveIfReplaced(worker);
      // After the caller's own handler, so that the batch is settled before the next one is chosen.
      setImmediate(this.#options.onFree);
    }
  }

  /**
   * Starts the spare worker that the next `load` needs, so that it is there by then. It costs as much memory as any;
   * `unprepare` ends it if there is no use for it after all, and resolves when it is gone.
   */
  prepare(): void {
    this.#changes.prepare();
  }

  unprepare(): Promise<void> {
    return this.#changes.unprepare();
  }

  /**
   * Loads a variant into every worker; resolves when all hold it. None stops serving for it: each is replaced by a spare
   * one, between two of its runs, and the one that left loads the variant for the next place. Changes wait for each
   * other. Rejects with SpareFailedError or WorkerDiedError; then the workers hold what they held before.
   */
  load(variant: LoadVariant): Promise<void> {
    return this.#changes.load(variant);
  }

  /**
   * Replaces every worker by one that does not hold the variant, since releasing a session gives back less than its
   * process does. Resolves when none holds it, or when no replacement can be started: then the memory comes back with a
   * later change. Nothing may be run on the variant from now on.
   */
  unload(name: string): Promise<void> {
    return this.#changes.unload(name);
  }

  /** Releases the sessions and ends the processes. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#watch);
    this.#places.close();
    this.#changes.close();
    await Promise.all([...this.#workers].map((worker) => worker.close(CLOSE_GRACE_MS)));
  }

  #spawn(): PoolWorker {
    if (this.#closing) throw new WorkerDiedError('the workers end');
    const { hostPath, logger } = this.#options;
    const worker = new PoolWorker(hostPath, {
      onStderr: (line) => logger.warn({ worker: worker.pid, line }, 'worker'),
      onGone: () => this.#workers.delete(worker),
    });
    this.#workers.add(worker);
    return worker;
  }
}
