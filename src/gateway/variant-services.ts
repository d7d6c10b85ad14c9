import path from 'node:path';
import { startBuild } from '../building/start-build.js';
import { startFit } from '../building/start-fit.js';
import { ModelsFolder } from '../registry/models-folder.js';
import { BuildQueue } from './build-queue.js';
import { BuiltFiles } from './built-files.js';
import { loadVariantOf, type LoadPlanOptions } from './load-plan.js';
import { VariantMaker } from './make-variant.js';
import { VariantAdmin } from './variant-admin.js';
import { VariantRoster, type VariantRosterOptions } from './variant-roster.js';
import type { Config } from '../config.js';
import type { Logger } from '../telemetry/logger.js';

export interface VariantServicesOptions extends Omit<VariantRosterOptions, 'planOf'> {
  readonly config: Config;
  readonly loading: Omit<LoadPlanOptions, 'threads'>;
  /** Of the workers' sessions; undefined until they are there. */
  readonly threads: () => number | undefined;
  readonly now: () => number;
  readonly logger: Logger;
}

export interface VariantServices {
  readonly roster: VariantRoster;
  readonly admin: VariantAdmin;
}

/** What changes the variants while the gateway serves. */
export function variantServices(options: VariantServicesOptions): VariantServices {
  const { registry, config, loading, threads, now, logger, metrics } = options;
  const { modelsDir } = config;
  registry.onChange = ({ name, from, to, detail }) =>
    logger.debug({ variant: name, from, to, detail }, 'a variant changed its state');
  const roster = new VariantRoster({
    ...options,
    planOf: (entry) => loadVariantOf(entry, { ...loading, threads: threads() ?? 1 }),
  });
  const files = new BuiltFiles();
  const folder = new ModelsFolder(modelsDir);
  const maker = new VariantMaker({
    ...{ registry, roster, files, folder, modelsDir, startBuild, startFit, now },
  });
  const admin = new VariantAdmin({
    ...{ registry, roster, maker, files, folder, config, threads, now },
    queue: new BuildQueue({ logger, metrics }),
    tokenizerPathOf: ({ card }) => path.join(modelsDir, card.tokenizer.directory, 'tokenizer.json'),
  });
  return { roster, admin };
}
