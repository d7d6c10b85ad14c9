import { loadSpare, SpareFailedError } from './spare-worker.js';
import { WorkerDiedError } from './worker.js';
import type { PoolWorker } from './pool-worker.js';
import type { LoadVariant } from './protocol.js';
import type { WorkerPlaces } from './worker-places.js';
import type { Logger } from '../telemetry/logger.js';

export interface WorkerChangesOptions {
  readonly places: WorkerPlaces;
  /** Throws WorkerDiedError once the pool closes. */
  readonly spawn: () => PoolWorker;
  readonly end: (worker: PoolWorker) => Promise<void>;
  readonly logger: Logger;
}

/** The spare worker that a coming change begins with, and what it holds. */
interface Prepared {
  readonly worker: PoolWorker;
  readonly variants: readonly LoadVariant[];
  readonly spare: Promise<PoolWorker>;
}

/** What the workers of a pool hold, and how that changes while they serve. */
export class WorkerChanges {
  /** What every worker is to hold. */
  variants: readonly LoadVariant[] = [];
  readonly #options: WorkerChangesOptions;
  #turns: Promise<unknown> = Promise.resolve();
  #prepared: Prepared | undefined;
  #closed = false;

  constructor(options: WorkerChangesOptions) {
    this.#options = options;
  }

  /** As `WorkerPool.prepare`. */
  prepare(): void {
    if (this.#prepared !== undefined || this.#closed) return;
    const { variants } = this;
    const worker = this.#options.spawn();
    const spare = this.#loaded(worker, variants);
    this.#prepared = { worker, variants, spare };
    // Who uses it hears of it.
    spare.catch(() => undefined);
  }

  /** As `WorkerPool.unprepare`. */
  async unprepare(): Promise<void> {
    const worker = this.#prepared?.worker;
    this.#prepared = undefined;
    // It serves nobody, so that it may be killed in the middle of whatever it loads.
    await worker?.close(0);
  }

  /** As `WorkerPool.load`. */
  load(variant: LoadVariant): Promise<void> {
    return this.#inTurn(() => this.#add(variant));
  }

  /** As `WorkerPool.unload`. */
  unload(name: string): Promise<void> {
    return this.#inTurn(() => this.#remove(name));
  }

  /** No change is begun any more. */
  close(): void {
    this.#closed = true;
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#turns.then(() => {
      if (this.#closed) throw new WorkerDiedError('the workers end');
      return change();
    });
    this.#turns = turn.catch(() => undefined);
    return turn;
  }

  async #add(variant: LoadVariant): Promise<void> {
    const { places } = this.#options;
    const before = this.variants;
    const after = [...before, variant];
    let changed = 0;
    let spare: PoolWorker | undefined = await this.#spareWith(variant);
    try {
      while (changed < places.size) {
        spare ??= await this.#startSpare(after);
        const left: PoolWorker | undefined = await places.replace(changed, spare, after);
        spare = left;
        changed += 1;
        if (spare !== undefined && changed < places.size) await loadSpare(spare, [variant]);
      }
      // One that died and was started again meanwhile may have failed to load it.
      if (places.ready.some(({ providers }) => !providers.has(variant.name))) {
        throw new SpareFailedError(`${variant.name}: a worker that was restarted cannot load it`);
      }
      this.variants = after;
      if (spare !== undefined) await this.#options.end(spare);
    } catch (error) {
      if (spare !== undefined) await this.#options.end(spare);
      if (!this.#closed) await this.#renew(changed, before);
      throw error;
    }
  }

  async #remove(name: string): Promise<void> {
    this.variants = this.variants.filter((variant) => variant.name !== name);
    await this.unprepare();
    await this.#renew(this.#options.places.size, this.variants);
  }

  /** Gives the first `count` places fresh workers. Without one the present workers stay, which hold more than they need. */
  async #renew(count: number, variants: readonly LoadVariant[]): Promise<void> {
    try {
      for (let index = 0; index < count; index += 1) {
        const spare = await this.#startSpare(variants);
        const left = await this.#options.places.replace(index, spare, variants);
        if (left !== undefined) await this.#options.end(left);
      }
    } catch (error) {
      if (!this.#closed) {
        this.#options.logger.error({ err: error }, 'a worker cannot be renewed; it stays as it is');
      }
    }
  }

  /** The prepared one if it lives and holds what the others do, else a fresh one. */
  async #spareWith(variant: LoadVariant): Promise<PoolWorker> {
    const prepared = this.#prepared;
    if (prepared?.variants !== this.variants) await this.unprepare();
    this.#prepared = undefined;
    const spare = await prepared?.spare.catch(() => undefined);
    if (prepared?.variants !== this.variants || spare === undefined || spare.hasExited) {
      return await this.#startSpare([...this.variants, variant]);
    }
    try {
      await loadSpare(spare, [variant]);
      return spare;
    } catch (error) {
      await this.#options.end(spare);
      throw error;
    }
  }

  #startSpare(variants: readonly LoadVariant[]): Promise<PoolWorker> {
    return this.#loaded(this.#options.spawn(), variants);
  }

  async #loaded(spare: PoolWorker, variants: readonly LoadVariant[]): Promise<PoolWorker> {
    try {
      await loadSpare(spare, variants);
      return spare;
    } catch (error) {
      await this.#options.end(spare);
      throw error;
    }
  }
}
