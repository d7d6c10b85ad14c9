import { setTimeout as delay } from 'node:timers/promises';
import { errors } from '../errors.js';
import { routingQuality } from '../registry/routing-quality.js';
import { checkNotNeeded } from './needed-variants.js';
import { WarmMemory, type WarmMemoryOptions } from './warm-memory.js';
import type { LoadVariant } from '../runtime/protocol.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { Scheduler } from '../scheduling/scheduler.js';
import type { Logger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { VariantEntry } from '../registry/variant-registry.js';
import type { RequestsInFlight } from './requests-in-flight.js';

export interface VariantRosterOptions extends Omit<WarmMemoryOptions, 'pool' | 'mayLeave'> {
  readonly pool: Pick<WorkerPool, 'load' | 'unload' | 'providerOf' | 'readyCount' | 'memory'>;
  readonly scheduler: Pick<Scheduler, 'setVariants'>;
  readonly metrics: Metrics;
  readonly inFlight: Pick<RequestsInFlight, 'whenNoneAllows'>;
  /** Undefined where no provider of this host can run it. */
  readonly planOf: (entry: VariantEntry) => LoadVariant | undefined;
  readonly logger: Logger;
}

export interface Wanted {
  /** Where it was not known. */
  readonly profile?: VariantEntry['profile'];
  /** Whether it serves at once, in the same step. */
  readonly serves: boolean;
}

/** A text that has waited longer for a variant that is to go has lost it: it ends as too late. */
const RETIRE_WITHIN_MS = 10_000;
const UNLOADED = 'it was unloaded to stay within maxWarmBytes; a request that names it loads it';

/** Which variants the workers hold and which of them serve; changes wait for each other. */
export class VariantRoster {
  readonly #options: VariantRosterOptions;
  readonly #memory: WarmMemory;
  /** On their way into the workers or out of them. */
  readonly #moving = new Set<string>();
  /** They get no new requests, but what was accepted before may still need them. */
  readonly #leaving = new Set<string>();
  /** Retired for want of memory and by nobody's wish. */
  readonly #unloaded = new Set<string>();
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: VariantRosterOptions) {
    this.#options = options;
    this.#memory = new WarmMemory({ ...options, mayLeave: (name) => !this.#moving.has(name) });
  }

  /** Lets the scheduler and the metrics know which variants serve now. One step: a run is planned before or after it. */
  publish(): void {
    const { registry, scheduler, metrics } = this.#options;
    const scheduled = registry
      .list()
      .filter(({ name, state }) => state === 'active' || this.#leaving.has(name))
      .flatMap(({ name, card, profile }) =>
        card && profile ? [{ name, quality: routingQuality(card), profile }] : [],
      );
    scheduler.setVariants(scheduled);
    metrics.variantInfo.reset();
    for (const { name, provider, card } of registry.active()) {
      const f1 = card.quality?.value.toFixed(4) ?? 'unknown';
      metrics.variantInfo.set({ variant: name, precision: card.recipe.precision, provider, f1 }, 1);
    }
  }

  /** A worker that serves cannot load it, so it serves no more. Of one on its way the loading itself tells. */
  fail(name: string, detail: string): void {
    const { registry } = this.#options;
    const state = registry.get(name)?.state;
    const isLoading = state === 'loading' && !this.#moving.has(name);
    if (!isLoading && state !== 'warm' && state !== 'active') return;
    registry.fail(name, detail);
    this.publish();
  }

  /**
   * Has the workers load a variant that is `gated` or `loading`, the least used ones leaving where there is no memory
   * for it; it is warm then, or serves. Rejects where a worker cannot or there is no room, and it is in the state that it
   * was in.
   */
  warm(name: string, wanted: Wanted): Promise<void> {
    return this.#move(name, () => this.#warm(name, wanted));
  }

  /** A warm variant serves from now on. Throws a conflict where it is on its way out. */
  activate(name: string): void {
    this.#checkStill(name);
    this.#serve(name);
  }

  /** Loads a retired variant and lets it serve. Rejects with a conflict where it cannot be loaded. */
  async bringBack(name: string): Promise<void> {
    const { registry } = this.#options;
    this.#checkStill(name);
    registry.reload(name);
    try {
      await this.warm(name, { serves: true });
    } catch (error) {
      const why = (error as Error).message;
      registry.retire(name, why);
      throw errors.conflict(`The workers cannot load ${name}: ${why}`);
    }
  }

  /**
   * Gives a variant no more work, and takes it out of the workers when what was accepted for it is answered. Rejects
   * with a conflict where it is needed.
   */
  async retire(name: string): Promise<void> {
    this.#checkStill(name);
    this.#standDown(name);
    await this.#move(name, () => this.#leave(name));
  }

  /** Whether a variant that was unloaded for want of memory will serve soon; asking for it is what loads it. */
  isOnItsWay(name: string): boolean {
    const { registry, logger } = this.#options;
    if (!this.#unloaded.has(name)) return false;
    if (registry.get(name)?.state === 'retired' && !this.#moving.has(name)) {
      this.bringBack(name).catch((error: unknown) =>
        logger.warn({ err: error, variant: name }, 'a variant that was asked for cannot be loaded'),
      );
    }
    return true;
  }

  #serve(name: string): void {
    this.#options.registry.activate(name);
    this.#unloaded.delete(name);
    this.publish();
  }

  async #warm(name: string, { profile, serves }: Wanted): Promise<void> {
    const { registry, pool, planOf } = this.#options;
    const entry = registry.get(name)!;
    const planned = planOf(entry);
    if (planned === undefined) throw errors.conflict(`No provider of this host runs ${name}.`);
    for (;;) {
      const leaver = this.#memory.leaverFor(entry);
      if (leaver === undefined) break;
      const served = registry.get(leaver)?.state === 'active';
      this.#standDown(leaver);
      if (served) this.#unloaded.add(leaver);
      await this.#whileMoving(leaver, () => this.#leave(leaver, UNLOADED));
    }
    await pool.load(planned);
    const provider = pool.providerOf(name) ?? planned.providers[0]!;
    registry.warm(name, { provider, ...(profile && { profile }) });
    this.#options.usage.record(name);
    if (serves) this.#serve(name);
  }

  /** From here on no request is planned with it. */
  #standDown(name: string): void {
    const { registry, experiments } = this.#options;
    const state = registry.get(name)?.state;
    if (state !== 'active' && state !== 'warm') throw errors.conflict(`${name} is not loaded.`);
    if (state === 'warm') return;
    checkNotNeeded(name, registry, experiments.view());
    registry.standDown(name);
    this.#leaving.add(name);
  }

  async #leave(name: string, why?: string): Promise<void> {
    const { registry, pool, inFlight } = this.#options;
    const late = new AbortController();
    // What was accepted before may be for it alone.
    await Promise.race([
      inFlight.whenNoneAllows(name),
      delay(RETIRE_WITHIN_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    this.#leaving.delete(name);
    this.publish();
    await pool.unload(name);
    // It may have failed meanwhile.
    if (registry.get(name)?.state === 'warm') registry.retire(name, why);
  }

  #checkStill(name: string): void {
    if (this.#moving.has(name))
      throw errors.conflict(`${name} is being loaded or unloaded; ask again when that is done.`);
  }

  /** Changes wait for each other. */
  #move(name: string, work: () => Promise<void>): Promise<void> {
    return this.#whileMoving(name, () => {
      const changed = this.#changing.then(work);
      this.#changing = changed.catch(() => undefined);
      return changed;
    });
  }

  async #whileMoving(name: string, work: () => Promise<void>): Promise<void> {
    this.#moving.add(name);
    try {
      await work();
    } finally {
      this.#moving.delete(name);
      this.#leaving.delete(name);
    }
  }
}
