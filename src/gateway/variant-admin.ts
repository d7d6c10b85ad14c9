import path from 'node:path';
import { errors } from '../errors.js';
import { defaultFloor } from '../building/agreement-floor.js';
import { memoryLimitFor } from '../building/memory-limit.js';
import { wasBuilt } from '../registry/built-variants.js';
import type { ModelsFolder } from '../registry/models-folder.js';
import { checkedRecipe, freeName, parentOf, parentsToFit, type Parent } from './check-build.js';
import type { BuildJob } from '../building/build-job.js';
import type { Recipe } from '../compress/recipe.js';
import type { Config } from '../config.js';
import type { VariantEntry, VariantRegistry } from '../registry/variant-registry.js';
import type { BuildQueue } from './build-queue.js';
import { hasEnded, type BuildRequest, type BuildView, type FitRequest } from './build-view.js';
import type { BuiltFiles } from './built-files.js';
import { folderFailure } from './folder-failure.js';
import type { ModelAdder } from './model-adder.js';
import type { FitsWanted, VariantMaker, WantedBuild } from './make-variant.js';
import type { VariantRoster } from './variant-roster.js';

export interface VariantAdminOptions {
  readonly registry: VariantRegistry;
  readonly roster: VariantRoster;
  readonly queue: BuildQueue;
  readonly maker: VariantMaker;
  readonly adder: ModelAdder;
  readonly files: BuiltFiles;
  readonly folder: Pick<ModelsFolder, 'forget'>;
  readonly config: Pick<Config, 'gate'>;
  /** Of the sessions; undefined until they are there. */
  readonly threads: () => number | undefined;
  /** Where the tokenizer.json of its card is. */
  readonly tokenizerPathOf: (parent: Parent) => string;
  readonly now: () => number;
}

/** What makes, loads and removes variants while others serve. Methods throw or reject with GatewayError. */
export class VariantAdmin {
  /** Of what was asked for last: a variant that is on its way out is not brought back before it is gone. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: VariantAdminOptions) {}

  requestBuild({ name: wanted, ...request }: BuildRequest): BuildView {
    const { registry } = this.options;
    const parent = parentOf(registry, request.parent);
    const recipe = checkedRecipe(request.recipe, parent);
    const name = freeName(registry, wanted, { parent: parent.name, recipe });
    const build = { ...this.#job(name, parent), recipe, minAgreement: this.#floor(recipe, parent) };
    const view = { kind: 'build', name, parent: parent.name, recipe } as const;
    return this.#queue(view, { ...this.#common(name, request), build });
  }

  requestFit({ name: wanted, parent: named, ...request }: FitRequest): BuildView {
    const { registry } = this.options;
    const parents = named === undefined ? parentsToFit(registry) : [parentOf(registry, named)];
    const parent = parents[0]!;
    const { maxLength } = parent.card.inputs;
    const { tokens, maxMs, minAgreement } = request;
    if (tokens > maxLength) {
      const detail = `a window of ${parent.name} has at most ${maxLength}`;
      throw errors.validationFailed([{ pointer: '/tokens', detail }]);
    }
    const name = freeName(registry, wanted, `${parent.name}-fit-${maxMs}ms`);
    const fits = parents.map((each) => ({
      ...this.#job(name, each),
      ...{ tokens, maxMs, minAgreement },
    })) as [FitsWanted[0], ...FitsWanted[0][]];
    const view = { kind: 'fit', name, parent: parent.name, recipe: undefined } as const;
    return this.#queue(view, { ...this.#common(name, request), fits });
  }

  build(id: string): BuildView {
    return this.options.queue.get(id);
  }

  builds(): readonly BuildView[] {
    return this.options.queue.list();
  }

  watchBuild(id: string, onChange: (view: BuildView) => void): () => void {
    return this.options.queue.watch(id, onChange);
  }

  cancelBuild(id: string): BuildView {
    return this.options.queue.cancel(id);
  }

  activate(name: string): Promise<void> {
    return this.#inTurn(() => this.#activate(name));
  }

  retire(name: string): Promise<void> {
    return this.#inTurn(() => this.#retire(name));
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(() => this.#remove(name));
  }

  async #activate(name: string): Promise<void> {
    const { roster } = this.options;
    const { state, profile } = this.#entry(name);
    if (state === 'active') return;
    if (state === 'retired') {
      if (profile === undefined)
        throw errors.conflict(
          'The manifest lists it as retired, so that it was not measured here: make others of it, or take it out of `retired` there and start again.',
        );
      await roster.bringBack(name);
    } else if (state === 'warm') roster.activate(name);
    else throw errors.conflict(`It is ${state}.`);
  }

  async #retire(name: string): Promise<void> {
    const { state } = this.#entry(name);
    if (state === 'retired') return;
    if (state !== 'active' && state !== 'warm') throw errors.conflict(`It is ${state}.`);
    await this.options.roster.retire(name);
  }

  async #remove(name: string): Promise<void> {
    const { registry, queue, files, folder } = this.options;
    const { card, modelPath } = this.#entry(name);
    if (card === undefined || !wasBuilt(card))
      throw errors.conflict('It came with the models folder; retire it instead.');
    const child = registry.list().find((entry) => entry.card?.parent === name);
    if (child !== undefined)
      throw errors.conflict(`${child.name} was made of it; remove that one first.`);
    if (queue.list().some((view) => view.parent === name && !hasEnded(view)))
      throw errors.conflict('Something is being made of it; wait for that build, or cancel it.');
    await this.#retire(name);
    const directory = path.dirname(modelPath!);
    if (files.has(directory)) await files.remove(directory);
    else await this.#forgetKept(name, folder);
    registry.forget(name);
  }

  addModel(request: {
    readonly directory: string;
    readonly name: string | undefined;
  }): Promise<{ readonly name: string }> {
    if (this.options.threads() === undefined) throw errors.notReady(1_000);
    return this.options.adder.add(request);
  }

  /** Resolves when the build has ended. */
  ended(id: string): Promise<BuildView> {
    return this.options.queue.ended(id);
  }

  /** Cancels what is under way; resolves when nothing is left of it. */
  async close(): Promise<void> {
    await Promise.all([this.options.queue.close(), this.options.adder.close()]);
    await this.options.files.removeAll();
  }

  async #forgetKept(name: string, folder: VariantAdminOptions['folder']): Promise<void> {
    try {
      await folder.forget(name);
    } catch (error) {
      throw folderFailure(error) ?? error;
    }
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const changed = this.#changing.then(change);
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  #queue(view: Pick<BuildView, 'kind' | 'name' | 'parent' | 'recipe'>, wanted: WantedBuild) {
    const { queue, maker, registry } = this.options;
    const queued = queue.add(view, (report, signal) => maker.make(wanted, report, signal));
    registry.request(wanted.name);
    return queued;
  }

  #common(name: string, { keep, activate }: Pick<BuildRequest, 'keep' | 'activate'>) {
    return { name, keep, activate, requestedAt: this.options.now() };
  }

  #job(name: string, parent: Parent): Omit<BuildJob, 'outputDir' | 'recipe' | 'minAgreement'> {
    const { threads, tokenizerPathOf } = this.options;
    const ready = threads();
    if (ready === undefined) throw errors.notReady(1_000);
    return {
      name,
      parent: parent.card,
      parentModelPath: parent.modelPath,
      tokenizerPath: tokenizerPathOf(parent),
      threads: ready,
      maxMemoryBytes: memoryLimitFor(parent.card.sizeBytes),
    };
  }

  #floor(recipe: Recipe, { card }: Parent): number {
    const { minAgreementOfPrecision: precision, minAgreementOfCuts: cut } =
      this.options.config.gate;
    return defaultFloor(recipe, card, { precision, cut });
  }

  #entry(name: string): VariantEntry {
    const entry = this.options.registry.get(name);
    if (entry === undefined) throw errors.notFound(`There is no variant ${name}.`);
    return entry;
  }
}
