import type { BuildRequest, BuildState, BuildView, FitRequest } from '../gateway/build-view.js';

export type { BuildRequest, BuildState, BuildView, FitRequest };
export { hasEnded } from '../gateway/build-view.js';

/**
 * All that HTTP needs of the making and unmaking of variants. Methods throw GatewayError; pointers of validation_failed
 * are into the body of the request: `/recipe/layers/0`, `/name`, `/directory`.
 */
export interface AdminPort {
  /** Throws unknown_variant, conflict (name taken), validation_failed (recipe), build_queue_full. */
  requestBuild(request: BuildRequest): BuildView;
  requestFit(request: FitRequest): BuildView;
  /** Throws not_found. */
  build(id: string): BuildView;
  builds(): readonly BuildView[];
  /** Calls back at every change until the build has ended or the returned function is called. Throws not_found. */
  watchBuild(id: string, onChange: (view: BuildView) => void): () => void;
  /** Throws not_found; conflict if it has ended. */
  cancelBuild(id: string): BuildView;
  /** Loads it if need be and lets it serve. Rejects with not_found, conflict. */
  activate(name: string): Promise<void>;
  /** No new work for it; resolves when no worker holds it. Rejects with not_found, conflict (the last one that serves). */
  retire(name: string): Promise<void>;
  /** Retires and forgets what a build made, its files too. Rejects with not_found; conflict for what came with the models folder, or is a parent. */
  remove(name: string): Promise<void>;
  /** Takes a Hugging Face style folder below the models folder in. Rejects with validation_failed, conflict. */
  addModel(request: {
    readonly directory: string;
    readonly name: string | undefined;
  }): Promise<{ readonly name: string }>;
}
