import path from 'node:path';
import type { BuildJob, BuildOutcome, StartBuild } from '../building/build-job.js';
import type { FitJob, FitOutcome, StartFit } from '../building/fit-job.js';
import { fitOfSeveral } from '../building/fit-of-several.js';
import { FolderError } from '../registry/folder-error.js';
import type { ModelsFolder } from '../registry/models-folder.js';
import type { VariantRegistry } from '../registry/variant-registry.js';
import type { Card } from '../registry/card.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { BuildOutcomeView, Report } from './build-queue.js';
import type { BuiltFiles } from './built-files.js';
import { folderFailure } from './folder-failure.js';
import type { VariantRoster } from './variant-roster.js';

type Built = Extract<BuildOutcome, { kind: 'built' }>;
type NotBuilt = Exclude<BuildOutcome | FitOutcome, { kind: 'built' } | { kind: 'fitted' }>;

export interface MakeVariantOptions {
  readonly registry: VariantRegistry;
  readonly roster: VariantRoster;
  readonly files: BuiltFiles;
  readonly folder: Pick<ModelsFolder, 'keep'>;
  readonly modelsDir: string;
  /** Makes ready what its family needs to answer: that of a retired parent may not have been loaded yet. */
  readonly openFamily: (card: Card) => Promise<void>;
  readonly pool: Pick<WorkerPool, 'prepare' | 'unprepare'>;
  /** Resolves when a build may start, or when the signal aborts. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
  readonly startBuild: StartBuild;
  readonly startFit: StartFit;
  readonly now: () => number;
}

/** One a parent; what of all of them should be best is made. */
export type FitsWanted = readonly [Omit<FitJob, 'outputDir'>, ...Omit<FitJob, 'outputDir'>[]];

/** What is to be made, and what becomes of it. */
export type WantedBuild = {
  readonly name: string;
  readonly keep: boolean;
  readonly activate: boolean;
  /** On the gateway's clock, ms. */
  readonly requestedAt: number;
} & ({ readonly build: Omit<BuildJob, 'outputDir'> } | { readonly fits: FitsWanted });

/**
 * Takes a variant from `requested` to `active` or `warm`: builds and gates it in processes of its own, keeps it if that
 * was asked, has the workers load it. Whatever goes wrong, its name is free again and its files are gone.
 */
export class VariantMaker {
  constructor(private readonly options: MakeVariantOptions) {}

  async make(wanted: WantedBuild, report: Report, signal: AbortSignal): Promise<BuildOutcomeView> {
    const { registry, files } = this.options;
    if (signal.aborted) {
      registry.forget(wanted.name);
      return { state: 'cancelled' };
    }
    registry.build(wanted.name);
    const outputDir = await files.open();
    let made = false;
    try {
      const outcome = await this.#build(wanted, { outputDir, report, signal });
      if (!('built' in outcome)) return outcome;
      const ended = await this.#serve(wanted, { ...outcome, outputDir, report });
      made = ended.state === 'active' || ended.state === 'ready';
      return ended;
    } finally {
      if (!made) {
        await this.options.pool.unprepare();
        registry.forget(wanted.name);
        await files.remove(outputDir);
      }
    }
  }

  async #build(
    wanted: WantedBuild,
    { outputDir, report, signal }: { outputDir: string; report: Report; signal: AbortSignal },
  ): Promise<{ built: Built } | BuildOutcomeView> {
    const { startBuild, startFit, pool, turn } = this.options;
    const progress = ({ state, share }: { state: 'building' | 'gating'; share: number }): void =>
      // Loading comes after.
      report({ state, progress: 0.9 * share });
    const jobOf = (fit: Omit<FitJob, 'outputDir'>): FitJob => ({
      ...fit,
      outputDir,
      turn: () => turn(signal),
    });
    report({ state: 'building' });
    await turn(signal);
    if (signal.aborted) return { state: 'cancelled' };
    const running =
      'build' in wanted
        ? startBuild({ ...wanted.build, outputDir }, progress)
        : fitOfSeveral(startFit, wanted.fits.map(jobOf) as [FitJob, ...FitJob[]], progress);
    // By the time that the variant has passed its gate there is a worker to load it.
    if ('build' in wanted) pool.prepare();
    signal.addEventListener('abort', () => running.cancel(), { once: true });
    const outcome = await running.done;
    if ('front' in outcome) report({ front: outcome.front });
    if (outcome.kind === 'built') return { built: outcome };
    if (outcome.kind === 'fitted') {
      const { parent } = outcome.built.card;
      report({ recipe: outcome.recipe, ...(parent !== null && { parent }) });
      return { built: outcome.built };
    }
    return endOf(outcome);
  }

  async #serve(
    { name, keep, activate, requestedAt }: WantedBuild,
    { built, outputDir, report }: { built: Built; outputDir: string; report: Report },
  ): Promise<BuildOutcomeView> {
    const { registry, roster, folder, files, modelsDir, openFamily, now } = this.options;
    const { card, measurement, buildMs, gateMs, peakMemoryBytes } = built;
    const { agreement } = measurement;
    report({ state: 'warming', progress: 0.9, agreement, peakMemoryBytes });
    let { modelPath } = built;
    if (keep) {
      try {
        await folder.keep(outputDir);
      } catch (error) {
        return { state: 'failed', error: keepingFailed(error) };
      }
      modelPath = path.join(modelsDir, name, card.file);
      await files.remove(outputDir);
    }
    registry.pass(name, { card, modelPath });
    const warmingAt = now();
    try {
      await openFamily(card);
      await roster.warm(name, { profile: measurement.profile, serves: activate });
    } catch (error) {
      const kept = keep ? '; it is kept, and the next start tries again' : '';
      const detail = `The workers could not load it (${(error as Error).message})${kept}.`;
      return { state: 'failed', error: { code: 'internal', detail } };
    }
    const readyAt = now();
    const warmMs = readyAt - warmingAt;
    const timing = { buildMs, gateMs, warmMs, totalMs: readyAt - requestedAt };
    return { state: activate ? 'active' : 'ready', timing };
  }
}

function endOf(outcome: NotBuilt): BuildOutcomeView {
  switch (outcome.kind) {
    case 'cancelled':
      return { state: 'cancelled' };
    case 'gate_failed': {
      const { agreement, detail } = outcome;
      return { state: 'gate_failed', agreement, error: { code: 'gate_failed', detail } };
    }
    case 'nothing_chosen':
      return { state: 'failed', error: { code: outcome.reason, detail: outcome.detail } };
    case 'failed': {
      const { code, detail, issues } = outcome;
      return { state: 'failed', error: { code, detail, ...(issues && { errors: issues }) } };
    }
  }
}

function keepingFailed(error: unknown): { code: string; detail: string } {
  const failure = folderFailure(error);
  const detail = failure?.message ?? 'It could not be kept in the models folder.';
  // The folder's own codes say more than those of HTTP.
  const code = error instanceof FolderError ? error.code : (failure?.code ?? 'internal');
  return { code, detail };
}
