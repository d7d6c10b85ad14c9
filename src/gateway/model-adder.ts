import path from 'node:path';
import { nameOfModel } from '../building/add-model.js';
import { ModelFolderError } from '../building/model-folder-error.js';
import { errors } from '../errors.js';
import type { RunningAddition, startAddModel } from '../building/start-add-model.js';
import type { Card } from '../registry/card.js';
import type { VariantRegistry } from '../registry/variant-registry.js';
import { folderFailure } from './folder-failure.js';
import type { VariantRoster } from './variant-roster.js';

export interface ModelAdderOptions {
  readonly registry: VariantRegistry;
  readonly roster: VariantRoster;
  readonly modelsDir: string;
  /** Makes ready what its family needs to answer. */
  readonly openFamily: (card: Card) => Promise<void>;
  readonly startAddModel: typeof startAddModel;
}

/** Takes models of other makers in while the gateway serves, one at a time. */
export class ModelAdder {
  #running: RunningAddition | undefined;

  constructor(private readonly options: ModelAdderOptions) {}

  /**
   * Adds a folder below the models folder and lets it serve. Rejects with a GatewayError; then nothing was added, unless
   * the workers could not load what was, which the next start tries again.
   */
  async add(request: { directory: string; name: string | undefined }): Promise<{ name: string }> {
    const { registry, roster, modelsDir, openFamily } = this.options;
    const name = this.#nameOf(request);
    if (this.#running !== undefined)
      throw errors.conflict('Another model is being added; ask again when it is done.');
    registry.request(name);
    registry.build(name);
    try {
      const { directory } = request;
      this.#running = this.options.startAddModel({
        ...{ directory, name, modelsDir, within: modelsDir },
      });
      const { card, profile } = await this.#running.done;
      await openFamily(card);
      registry.pass(name, { card, modelPath: path.join(modelsDir, name, card.file) });
      await roster.warm(name, { profile, serves: true });
      return { name };
    } catch (error) {
      registry.forget(name);
      throw toGatewayError(error);
    } finally {
      this.#running = undefined;
    }
  }

  /** Cancels what is under way; resolves when it has ended. */
  async close(): Promise<void> {
    this.#running?.cancel();
    await this.#running?.done.catch(() => undefined);
  }

  #nameOf(request: { directory: string; name: string | undefined }): string {
    let name: string;
    try {
      name = nameOfModel(request);
    } catch (error) {
      throw toGatewayError(error);
    }
    if (this.options.registry.get(name) !== undefined)
      throw errors.conflict(`There is a variant ${name} already.`);
    return name;
  }
}

function toGatewayError(error: unknown): unknown {
  if (error instanceof ModelFolderError) {
    return errors.validationFailed(
      error.problems.map(({ file, detail }) => ({
        pointer: '/directory',
        detail: file === '' ? detail : `${file}: ${detail}`,
      })),
    );
  }
  return folderFailure(error) ?? error;
}
