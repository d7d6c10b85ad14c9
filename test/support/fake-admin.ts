import { errors, type GatewayError } from '../../src/errors.js';
import { hasEnded } from '../../src/http/admin-port.js';
import { recipeSchema } from '../../src/compress/recipe.js';
import type { AdminPort, BuildRequest, BuildView, FitRequest } from '../../src/http/admin-port.js';
import type { AdminOptions } from '../../src/http/admin-routes.js';

export const ADMIN_KEY = 'correct-horse-battery-staple';

/** Makes nothing: builds go on when a test says so. Calls are kept for assertions. */
export class FakeAdmin implements AdminPort {
  readonly calls: { readonly method: string; readonly argument: unknown }[] = [];
  /** What the next call fails with. */
  failure: GatewayError | undefined;
  readonly #builds = new Map<string, BuildView>();
  readonly #watchers = new Map<string, Set<(view: BuildView) => void>>();

  options(more: Partial<AdminOptions> = {}): AdminOptions {
    return { port: this, key: ADMIN_KEY, recipe: recipeSchema, ...more };
  }

  requestBuild(request: BuildRequest): BuildView {
    this.#called('requestBuild', request);
    const { parent, recipe, name = 'made' } = request;
    return this.add({ kind: 'build', parent, recipe, name });
  }

  requestFit(request: FitRequest): BuildView {
    this.#called('requestFit', request);
    return this.add({ kind: 'fit', parent: request.parent ?? 'full', recipe: undefined });
  }

  build(id: string): BuildView {
    const view = this.#builds.get(id);
    if (view === undefined) throw errors.notFound('There is no build of that id.');
    return view;
  }

  builds(): readonly BuildView[] {
    this.#called('builds', undefined);
    return [...this.#builds.values()];
  }

  watchBuild(id: string, onChange: (view: BuildView) => void): () => void {
    this.build(id);
    const watchers = this.#watchers.get(id)!;
    watchers.add(onChange);
    return () => watchers.delete(onChange);
  }

  cancelBuild(id: string): BuildView {
    this.#called('cancelBuild', id);
    if (hasEnded(this.build(id))) throw errors.conflict('The build has ended.');
    return this.change(id, { state: 'cancelled', finishedAt: '2026-11-25T09:00:02.000Z' });
  }

  activate = (name: string): Promise<void> => this.#later('activate', name);
  retire = (name: string): Promise<void> => this.#later('retire', name);
  remove = (name: string): Promise<void> => this.#later('remove', name);

  async addModel(request: {
    readonly directory: string;
    readonly name: string | undefined;
  }): Promise<{ readonly name: string }> {
    await this.#later('addModel', request);
    return { name: request.name ?? 'taken-in' };
  }

  /** A build as if somebody had asked for it. */
  add(facts: Partial<BuildView> = {}): BuildView {
    const id = `b${this.#builds.size + 1}`;
    const view: BuildView = {
      id,
      kind: 'build',
      name: undefined,
      parent: 'full',
      recipe: { precision: 'int8' },
      state: 'queued',
      progress: 0,
      agreement: undefined,
      error: undefined,
      front: undefined,
      timing: undefined,
      peakMemoryBytes: undefined,
      requestedAt: '2026-11-25T09:00:00.000Z',
      finishedAt: undefined,
      ...facts,
    };
    this.#builds.set(id, view);
    this.#watchers.set(id, new Set());
    return view;
  }

  /** The build goes on, and those who watch it are told. */
  change(id: string, facts: Partial<BuildView>): BuildView {
    const view = { ...this.build(id), ...facts };
    this.#builds.set(id, view);
    for (const watcher of this.#watchers.get(id)!) watcher(view);
    return view;
  }

  forgetAllBut(kept: string): void {
    for (const id of this.#builds.keys()) if (id !== kept) this.#builds.delete(id);
  }

  watcherCount(id: string): number {
    return this.#watchers.get(id)!.size;
  }

  #called(method: string, argument: unknown): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    this.calls.push({ method, argument });
  }

  async #later(method: string, argument: unknown): Promise<void> {
    await Promise.resolve();
    this.#called(method, argument);
  }
}
