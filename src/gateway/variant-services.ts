import path from 'node:path';
import { startAddModel } from '../building/start-add-model.js';
import { startBuild } from '../building/start-build.js';
import { startFit } from '../building/start-fit.js';
import { ModelsFolder } from '../registry/models-folder.js';
import { BuildQueue } from './build-queue.js';
import { buildTurn } from './build-turn.js';
import { BuiltFiles } from './built-files.js';
import { loadVariantOf, type LoadPlanOptions } from './load-plan.js';
import { memoryBudget } from './memory-budget.js';
import { ModelAdder, type ModelAdderOptions } from './model-adder.js';
import { VariantMaker } from './make-variant.js';
import { VariantAdmin } from './variant-admin.js';
import { VariantRoster, type VariantRosterOptions } from './variant-roster.js';
import type { Config } from '../config.js';
import { VARIANT_STATES } from '../registry/variant-state.js';
import type { VariantRegistry } from '../registry/variant-registry.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { Scheduler } from '../scheduling/scheduler.js';
import type { Logger } from '../telemetry/logger.js';

export interface VariantServicesOptions extends Omit<
  VariantRosterOptions,
  'planOf' | 'maxWarmBytes' | 'pool' | 'scheduler'
> {
  readonly config: Config;
  readonly pool: WorkerPool;
  readonly scheduler: Scheduler;
  readonly loading: Omit<LoadPlanOptions, 'threads'>;
  /** Of the workers' sessions; undefined until they are there. */
  readonly threads: () => number | undefined;
  readonly openFamily: ModelAdderOptions['openFamily'];
  readonly now: () => number;
  readonly logger: Logger;
}

export interface VariantServices {
  readonly roster: VariantRoster;
  readonly admin: VariantAdmin;
}

/** What changes the variants while the gateway serves. */
export function variantServices(options: VariantServicesOptions): VariantServices {
  const { registry, config, pool, scheduler, loading, threads } = options;
  const { now, logger, metrics, openFamily } = options;
  const { modelsDir } = config;
  countStates(registry, metrics);
  registry.onChange = (change) => {
    // At the start all do so, and the line that says what is served names them.
    const level = change.to === 'loading' || change.from === 'loading' ? 'debug' : 'info';
    logger[level](change, 'a variant changed its state');
    countStates(registry, metrics);
  };
  const roster = new VariantRoster({
    ...options,
    maxWarmBytes: memoryBudget(config.maxWarmBytes),
    planOf: (entry) => loadVariantOf(entry, { ...loading, threads: threads() ?? 1 }),
  });
  const files = new BuiltFiles();
  const folder = new ModelsFolder(modelsDir);
  const maker = new VariantMaker({
    ...{ registry, roster, files, folder, modelsDir, pool, openFamily },
    ...{ startBuild, startFit, now },
    turn: (signal) => buildTurn({ scheduler, active: () => registry.active(), now }, signal),
  });
  const adder = new ModelAdder({ registry, roster, modelsDir, startAddModel, openFamily });
  const admin = new VariantAdmin({
    ...{ registry, roster, maker, adder, files, folder, config, threads, now },
    queue: new BuildQueue({ logger, metrics }),
    tokenizerPathOf: ({ card }) => path.join(modelsDir, card.tokenizer.directory, 'tokenizer.json'),
  });
  return { roster, admin };
}

function countStates(registry: VariantRegistry, metrics: Metrics): void {
  for (const state of VARIANT_STATES) {
    const count = registry.list().filter((entry) => entry.state === state).length;
    metrics.variants.set({ state }, count);
  }
}
