import { WorkerDiedError } from './worker.js';
import type { FailedLoad, PoolWorker } from './pool-worker.js';
import type { LoadVariant } from './protocol.js';
import type { Logger } from '../telemetry/logger.js';

export type RestartReason = 'crashed' | 'hung';

export interface WorkerPlacesOptions {
  readonly spawn: () => PoolWorker;
  readonly logger: Logger;
  readonly onFree: () => void;
  readonly onRestart: (reason: RestartReason) => void;
  readonly onFailedLoad: (failed: FailedLoad) => void;
}

interface Place {
  readonly worker: PoolWorker;
  readonly variants: readonly LoadVariant[];
  state: 'loading' | 'ready' | 'dead';
}

/** A worker that waits to take a place, which it does between two runs. */
interface Successor {
  readonly take: () => void;
  readonly abandon: (error: Error) => void;
}

/** A worker that dies while it loads is started again ever more slowly, since it will probably die again. */
const MAX_RESTART_DELAY_MS = 10_000;

/** The workers that serve, each in its place. One that dies is replaced by one that loads what it held. */
export class WorkerPlaces {
  readonly #options: WorkerPlacesOptions;
  readonly #places: Place[] = [];
  readonly #successors = new Map<number, Successor>();
  #deathsInARow = 0;
  #closed = false;

  constructor(options: WorkerPlacesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#places.length;
  }

  get ready(): PoolWorker[] {
    return this.#places.filter(({ state }) => state === 'ready').map(({ worker }) => worker);
  }

  get alive(): PoolWorker[] {
    return this.#places.filter(({ state }) => state !== 'dead').map(({ worker }) => worker);
  }

  /** Starts a worker in this place; resolves when it has loaded what it can. Rejects with WorkerDiedError. */
  async fill(index: number, variants: readonly LoadVariant[]): Promise<void> {
    const worker = this.#options.spawn();
    const place: Place = { worker, variants, state: 'loading' };
    this.#put(index, place);
    const failed = await worker.load(variants);
    if (this.#places[index] !== place) return;
    failed.forEach(this.#options.onFailedLoad);
    place.state = 'ready';
    this.#options.onFree();
  }

  /** A run has ended in this worker: it may be time to go. */
  ranWell(): void {
    this.#deathsInARow = 0;
  }

  /** To be called when a run ends, before the worker gets another one. */
  leaveIfReplaced(worker: PoolWorker): void {
    this.#successors.get(this.#places.findIndex((place) => place.worker === worker))?.take();
  }

  /**
   * Lets `next` take this place as soon as no run is under way there, and at once if the worker there has died. Resolves
   * with the worker that left if it can still be used. Rejects with WorkerDiedError if `next` dies before that.
   */
  replace(
    index: number,
    next: PoolWorker,
    variants: readonly LoadVariant[],
  ): Promise<PoolWorker | undefined> {
    return new Promise((resolve, reject) => {
      const abandon = (error: Error): void => {
        this.#successors.delete(index);
        reject(error);
      };
      const take = (): void => {
        this.#successors.delete(index);
        const { worker, state } = this.#places[index]!;
        worker.onExit = () => undefined;
        this.#put(index, { worker: next, variants, state: 'ready' });
        if (state === 'loading') worker.kill();
        resolve(state === 'ready' ? worker : undefined);
        setImmediate(this.#options.onFree);
      };
      next.onExit = (how) => abandon(new WorkerDiedError(`a spare worker ended with ${how}`));
      if (next.hasExited || this.#closed) {
        abandon(new WorkerDiedError('a spare worker ended before it was needed'));
        return;
      }
      this.#successors.set(index, { take, abandon });
      const { worker, state } = this.#places[index]!;
      if (state !== 'ready' || !worker.isBusy) take();
    });
  }

  killHung(now: number): void {
    for (const worker of this.ready) worker.killIfHung(now);
  }

  /** Nobody is replaced any more. */
  close(): void {
    this.#closed = true;
    for (const { abandon } of [...this.#successors.values()]) {
      abandon(new WorkerDiedError('the workers end'));
    }
  }

  #put(index: number, place: Place): void {
    this.#places[index] = place;
    place.worker.onExit = (how) => this.#died(index, place, how);
  }

  #died(index: number, place: Place, how: string): void {
    place.state = 'dead';
    if (this.#closed) return;
    const { onRestart, logger } = this.#options;
    const reason: RestartReason = place.worker.hung ? 'hung' : 'crashed';
    onRestart(reason);
    this.#deathsInARow += 1;
    const successor = this.#successors.get(index);
    if (successor !== undefined) {
      logger.error({ reason, how }, 'a worker died; another was about to take its place');
      successor.take();
      return;
    }
    // The first replacement comes at once; each further death without a run in between doubles the wait.
    const delayMs =
      this.#deathsInARow === 1
        ? 0
        : Math.min(MAX_RESTART_DELAY_MS, 100 * 2 ** Math.min(this.#deathsInARow, 10));
    logger.error({ reason, how, delayMs }, 'a worker died; replacing it');
    setTimeout(() => {
      if (this.#closed || this.#places[index] !== place) return;
      this.fill(index, place.variants).catch((error: unknown) => {
        // The exit handler has scheduled the next try already.
        logger.error({ err: error }, 'the replacement died too');
      });
    }, delayMs);
  }
}
