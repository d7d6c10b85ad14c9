import { Worker, WorkerDiedError } from './worker.js';
import type { BatchInput, BatchOutput, LoadFailure, LoadVariant, Provider } from './protocol.js';
import type { Logger } from '../telemetry/logger.js';

export type RestartReason = 'crashed' | 'hung';

export interface WorkerPoolOptions {
  readonly workers: number;
  /** The compiled worker-host.js. */
  readonly hostPath: string;
  readonly variants: readonly LoadVariant[];
  readonly logger: Logger;
  /** A worker became free: the caller may have a batch for it. */
  readonly onFree: () => void;
  readonly onRestart: (reason: RestartReason) => void;
  /** A variant that a worker cannot load; the pool goes on without it. */
  readonly onVariantFailed: (name: string, failure: LoadFailure, detail: string) => void;
}

interface Slot {
  worker: Worker;
  state: 'loading' | 'ready' | 'dead';
  hung: boolean;
}

const WATCH_EVERY_MS = 500;
/** A worker that dies while it loads is started again ever more slowly, since it will probably die again. */
const MAX_RESTART_DELAY_MS = 10_000;
const CLOSE_GRACE_MS = 1_000;

/** Worker processes that each hold every variant. It runs what it is given; what runs when is the scheduler's. */
export class WorkerPool {
  #options: WorkerPoolOptions;
  readonly #slots: Slot[] = [];
  readonly #providers = new Map<string, Provider>();
  readonly #watch: NodeJS.Timeout;
  #runtimeVersion = 'unknown';
  #closing = false;
  #deathsInARow = 0;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#watch = setInterval(() => this.#killHung(), WATCH_EVERY_MS);
    this.#watch.unref();
  }

  /**
   * Starts all workers; resolves when each has loaded what it can. Rejects if one dies before that. `late` replaces
   * what was not known yet when the pool was made.
   */
  async start(late: Partial<Pick<WorkerPoolOptions, 'workers' | 'variants'>> = {}): Promise<void> {
    this.#options = { ...this.#options, ...late };
    const starts = Array.from({ length: this.#options.workers }, (_, index) => this.#spawn(index));
    await Promise.all(starts);
  }

  /** Where a loaded variant runs. */
  providerOf(name: string): Provider | undefined {
    return this.#providers.get(name);
  }

  /** Version of onnxruntime in the workers, once one is up. */
  get runtimeVersion(): string {
    return this.#runtimeVersion;
  }

  get freeCount(): number {
    return this.#slots.filter((slot) => slot.state === 'ready' && !slot.worker.isBusy).length;
  }

  get readyCount(): number {
    return this.#slots.filter((slot) => slot.state === 'ready').length;
  }

  /** Process ids of the living workers, for the operator's eyes and for tests. */
  get pids(): number[] {
    return this.#slots.filter((slot) => slot.state !== 'dead').map((slot) => slot.worker.pid);
  }

  /**
   * Runs a batch on a free worker; there must be one. A run longer than `hungAfterMs` costs the worker its life.
   * Rejects with WorkerDiedError or RunFailedError.
   */
  async run(input: BatchInput, hungAfterMs: number): Promise<BatchOutput> {
    const slot = this.#slots.find(({ state, worker }) => state === 'ready' && !worker.isBusy);
    if (slot === undefined) throw new Error('no worker is free; this is a bug');
    try {
      const output = await slot.worker.run(input, hungAfterMs);
      this.#deathsInARow = 0;
      return output;
    } finally {
      // After the caller's own handler, so that the batch is settled before the next one is chosen.
      setImmediate(this.#options.onFree);
    }
  }

  /** Releases the sessions and ends the processes. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#watch);
    await Promise.all(this.#slots.map(({ worker }) => worker.close(CLOSE_GRACE_MS)));
  }

  #spawn(index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.#options.hostPath, {
        onMessage: (message) => {
          switch (message.type) {
            case 'up':
              this.#runtimeVersion = message.runtimeVersion;
              break;
            case 'variant_loaded':
              this.#providers.set(message.name, message.provider);
              break;
            case 'variant_failed':
              this.#options.onVariantFailed(message.name, message.failure, message.detail);
              break;
            case 'loaded':
              slot.state = 'ready';
              resolve();
              this.#options.onFree();
          }
        },
        onExit: (how) => {
          const wasLoading = slot.state === 'loading';
          slot.state = 'dead';
          reject(new WorkerDiedError(`a worker ended with ${how} while it loaded the variants`));
          if (!this.#closing) this.#replace(index, { how, wasLoading, hung: slot.hung });
        },
        onStderr: (line) => this.#options.logger.warn({ worker: worker.pid, line }, 'worker'),
      });
      const slot: Slot = { worker, state: 'loading', hung: false };
      this.#slots[index] = slot;
      worker.load(this.#options.variants);
    });
  }

  #replace(index: number, death: { how: string; wasLoading: boolean; hung: boolean }): void {
    const reason: RestartReason = death.hung ? 'hung' : 'crashed';
    this.#options.onRestart(reason);
    this.#deathsInARow += 1;
    // The first replacement comes at once; each further death without a run in between doubles the wait.
    const delayMs =
      this.#deathsInARow === 1
        ? 0
        : Math.min(MAX_RESTART_DELAY_MS, 100 * 2 ** Math.min(this.#deathsInARow, 10));
    this.#options.logger.error({ reason, how: death.how, delayMs }, 'a worker died; replacing it');
    setTimeout(() => {
      if (this.#closing) return;
      this.#spawn(index).catch((error: unknown) => {
        // The exit handler has scheduled the next try already.
        this.#options.logger.error({ err: error }, 'the replacement died too');
      });
    }, delayMs);
  }

  #killHung(): void {
    const now = performance.now();
    for (const slot of this.#slots) {
      if (slot.state !== 'ready' || !slot.worker.isHung(now)) continue;
      slot.hung = true;
      slot.worker.kill();
    }
  }
}
