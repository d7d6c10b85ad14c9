import { setTimeout as delay } from 'node:timers/promises';
import { errors } from '../errors.js';
import { routingQuality } from '../registry/routing-quality.js';
import type { LoadVariant } from '../runtime/protocol.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { Scheduler } from '../scheduling/scheduler.js';
import type { SchedulableVariant } from '../scheduling/task.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { VariantEntry, VariantRegistry } from '../registry/variant-registry.js';

export interface VariantRosterOptions {
  readonly registry: VariantRegistry;
  readonly pool: Pick<WorkerPool, 'exchange' | 'providerOf'>;
  readonly scheduler: Pick<Scheduler, 'setVariants'>;
  readonly metrics: Metrics;
  /** Undefined where no provider of this host can run it. */
  /** Resolves when the work that was accepted until now has ended. */
  readonly settled: () => Promise<void>;
  readonly planOf: (entry: VariantEntry) => LoadVariant | undefined;
}

/** A text that has waited longer for a variant that is to go has lost it: it ends as too late. */
const RETIRE_WITHIN_MS = 10_000;

/** Which variants the workers hold and which of them serve; changes wait for each other. */
export class VariantRoster {
  readonly #options: VariantRosterOptions;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: VariantRosterOptions) {
    this.#options = options;
  }

  /** Lets the scheduler and the metrics know which variants serve now. One step: a run is planned before or after it. */
  publish(): void {
    const { registry, scheduler, metrics } = this.#options;
    scheduler.setVariants(schedulable(registry));
    metrics.variantInfo.reset();
    for (const { name, provider, card } of registry.active()) {
      const f1 = card.quality?.value.toFixed(4) ?? 'unknown';
      metrics.variantInfo.set({ variant: name, precision: card.recipe.precision, provider, f1 }, 1);
    }
  }

  /**
   * Has the workers load a variant that is `gated` or `loading`; it is warm then. Rejects where a worker cannot, and the
   * variant is in the state that it was in.
   */
  warm(name: string, profile: VariantEntry['profile']): Promise<void> {
    return this.#change(async () => {
      const { registry, pool } = this.#options;
      await pool.exchange(this.#planWith(registry.get(name)));
      registry.warm(name, {
        provider: pool.providerOf(name) ?? 'cpu',
        ...(profile && { profile }),
      });
    });
  }

  /** A warm variant serves from now on. */
  activate(name: string): void {
    this.#options.registry.activate(name);
    this.publish();
  }

  /**
   * Gives a variant no more work, and takes it out of the workers when its runs have ended. Rejects with a conflict
   * where nothing would be left to serve its family.
   */
  retire(name: string): Promise<void> {
    return this.#change(async () => {
      const { registry, pool } = this.#options;
      const entry = registry.get(name);
      if (entry?.state !== 'active' && entry?.state !== 'warm')
        throw errors.conflict('It is not loaded.');
      if (entry.state === 'active') {
        const others = registry.active().filter((other) => other.name !== name);
        if (!others.some(({ family }) => family === registry.defaultFamily))
          throw errors.conflict('It is the last variant that serves; activate another one first.');
        registry.standDown(name);
        // What was accepted before may be for it alone.
        await Promise.race([this.#options.settled(), delay(RETIRE_WITHIN_MS)]);
        this.publish();
      }
      await pool.exchange(this.#planWith());
      registry.retire(name);
    });
  }

  /** What the workers hold, this one too or, without one, less those that are to go. */
  #planWith(another?: VariantEntry): LoadVariant[] {
    const { registry, planOf } = this.#options;
    const entries = registry.list().filter(({ state, name }) => {
      return (
        state === 'active' || (another !== undefined && (state === 'warm' || name === another.name))
      );
    });
    return entries.map((entry) => {
      const planned = planOf(entry);
      if (planned === undefined)
        throw errors.conflict(`No provider of this host runs ${entry.name}.`);
      return planned;
    });
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const changed = this.#changing.then(work);
    this.#changing = changed.catch(() => undefined);
    return changed;
  }
}

function schedulable(registry: VariantRegistry): SchedulableVariant[] {
  return registry
    .active()
    .map(({ name, card, profile }) => ({ name, quality: routingQuality(card), profile }));
}
