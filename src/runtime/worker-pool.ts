import { canRestorePriority, lowerPriority, restorePriority } from './loading-priority.js';
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
  readonly worker: Worker;
  /** What it holds, or tried to. */
  readonly variants: readonly LoadVariant[];
  /** Leaving: another has taken its place, and it ends after its run. */
  state: 'loading' | 'ready' | 'leaving' | 'dead';
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
  /** Those that take no more work, or none yet. */
  readonly #besides = new Set<Slot>();
  #exchanging: Promise<void> = Promise.resolve();
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
    const { workers, variants } = this.#options;
    await Promise.all(Array.from({ length: workers }, (_, index) => this.#fill(index, variants)));
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
      if (slot.state === 'leaving') this.#end(slot);
      // After the caller's own handler, so that the batch is settled before the next one is chosen.
      setImmediate(this.#options.onFree);
    }
  }

  /**
   * Gives all workers these variants: replacements load them one at a time, each takes the place of a worker, and that
   * ends after its run. So no worker that serves loads anything. Changes wait for each other. Resolves when all hold
   * the variants; rejects where a replacement dies or cannot load one: nobody holds less than before then.
   */
  exchange(variants: readonly LoadVariant[]): Promise<void> {
    const exchanged = this.#exchanging.then(() => this.#exchange(variants));
    this.#exchanging = exchanged.catch(() => undefined);
    return exchanged;
  }

  /** Releases the sessions and ends the processes. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#watch);
    const all = [...this.#slots, ...this.#besides];
    await Promise.all(all.map(({ worker }) => worker.close(CLOSE_GRACE_MS)));
  }

  async #exchange(variants: readonly LoadVariant[]): Promise<void> {
    for (;;) {
      if (this.#closing) throw new WorkerDiedError('the gateway shuts down');
      if (this.#slots.every((slot) => slot.variants === variants)) return;
      const replacement = await this.#loadBeside(variants);
      // A worker that died meanwhile is as good to replace as any.
      const index = this.#slots.findIndex((slot) => slot.variants !== variants);
      const leaving = this.#slots[index];
      this.#besides.delete(replacement);
      this.#slots[index] = replacement;
      if (leaving !== undefined) this.#leave(leaving);
      this.#options.onFree();
    }
  }

  /** A worker that holds all of the variants and has no place yet. */
  async #loadBeside(variants: readonly LoadVariant[]): Promise<Slot> {
    const failures: string[] = [];
    const { slot, loaded } = this.#launch(variants, (name, _, detail) =>
      failures.push(`${name}: ${detail}`),
    );
    this.#besides.add(slot);
    // Loading takes all of a core, which those that serve need.
    const lowered = canRestorePriority();
    if (lowered) lowerPriority(slot.worker.pid);
    try {
      await loaded;
      if (failures.length > 0) throw new Error(failures.join('; '));
    } catch (error) {
      this.#end(slot);
      throw error;
    }
    if (lowered) restorePriority(slot.worker.pid);
    return slot;
  }

  #leave(slot: Slot): void {
    if (slot.state === 'dead') return;
    this.#besides.add(slot);
    const isRunning = slot.state === 'ready' && slot.worker.isBusy;
    slot.state = 'leaving';
    if (!isRunning) this.#end(slot);
  }

  #end(slot: Slot): void {
    void slot.worker.close(CLOSE_GRACE_MS).then(() => this.#besides.delete(slot));
  }

  #fill(index: number, variants: readonly LoadVariant[]): Promise<void> {
    const { slot, loaded } = this.#launch(variants, this.#options.onVariantFailed);
    this.#slots[index] = slot;
    return loaded.then(() => this.#options.onFree());
  }

  /** `loaded` rejects if the worker dies before. */
  #launch(
    variants: readonly LoadVariant[],
    onVariantFailed: WorkerPoolOptions['onVariantFailed'],
  ): { slot: Slot; loaded: Promise<void> } {
    let launched: Slot | undefined;
    const loaded = new Promise<void>((resolve, reject) => {
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
              onVariantFailed(message.name, message.failure, message.detail);
              break;
            case 'loaded':
              if (slot.state === 'loading') slot.state = 'ready';
              resolve();
          }
        },
        onExit: (how) => {
          slot.state = 'dead';
          reject(new WorkerDiedError(`a worker ended with ${how} while it loaded the variants`));
          const index = this.#slots.indexOf(slot);
          if (index < 0 || this.#closing) return;
          this.#replace(slot, how);
        },
        onStderr: (line) => this.#options.logger.warn({ worker: worker.pid, line }, 'worker'),
      });
      const slot: Slot = { worker, variants, state: 'loading', hung: false };
      launched = slot;
      worker.load(variants);
    });
    return { slot: launched!, loaded };
  }

  #replace(slot: Slot, how: string): void {
    const reason: RestartReason = slot.hung ? 'hung' : 'crashed';
    this.#options.onRestart(reason);
    this.#deathsInARow += 1;
    // The first replacement comes at once; each further death without a run in between doubles the wait.
    const delayMs =
      this.#deathsInARow === 1
        ? 0
        : Math.min(MAX_RESTART_DELAY_MS, 100 * 2 ** Math.min(this.#deathsInARow, 10));
    this.#options.logger.error({ reason, how, delayMs }, 'a worker died; replacing it');
    setTimeout(() => {
      // Its place may have been taken by one with other variants.
      const index = this.#slots.indexOf(slot);
      if (this.#closing || index < 0) return;
      this.#fill(index, slot.variants).catch((error: unknown) => {
        // The exit handler has scheduled the next try already.
        this.#options.logger.error({ err: error }, 'the replacement died too');
      });
    }, delayMs);
  }

  #killHung(): void {
    const now = performance.now();
    for (const slot of [...this.#slots, ...this.#besides]) {
      if (slot.state === 'loading' || slot.state === 'dead' || !slot.worker.isHung(now)) continue;
      slot.hung = true;
      slot.worker.kill();
    }
  }
}
