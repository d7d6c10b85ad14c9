import { randomUUID } from 'node:crypto';
import { errors } from '../errors.js';
import { hasEnded, type BuildEnd, type BuildView } from './build-view.js';
import type { Logger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';

export type Report = (change: Partial<BuildView>) => void;
/** Makes what was asked; the state that it resolves to is the last. `signal` aborts when it is cancelled. */
export type MakeBuild = (report: Report, signal: AbortSignal) => Promise<BuildOutcomeView>;
export type BuildOutcomeView = Partial<BuildView> & { readonly state: BuildEnd };

interface Entry {
  view: BuildView;
  readonly make: MakeBuild;
  readonly cancelled: AbortController;
  readonly watchers: Set<(view: BuildView) => void>;
}

const MAX_WAITING = 8;
/** Builds that have ended are told of until so many others have. */
const MAX_KEPT = 100;
const RETRY_AFTER_MS = 5_000;

/** Builds, one at a time, in the order in which they were asked for. */
export class BuildQueue {
  readonly #entries = new Map<string, Entry>();
  readonly #waiting: Entry[] = [];
  #running: Promise<void> | undefined;
  #current: Entry | undefined;
  #closed = false;

  constructor(private readonly options: { readonly logger: Logger; readonly metrics: Metrics }) {}

  /** Queues a build. Throws build_queue_full, or draining after `close`. */
  add(wanted: Pick<BuildView, 'kind' | 'name' | 'parent' | 'recipe'>, make: MakeBuild): BuildView {
    if (this.#closed) throw errors.draining(RETRY_AFTER_MS);
    if (this.#waiting.length >= MAX_WAITING)
      throw errors.buildQueueFull(MAX_WAITING, RETRY_AFTER_MS);
    const entry: Entry = {
      view: {
        ...wanted,
        id: randomUUID(),
        state: 'queued',
        progress: 0,
        agreement: undefined,
        error: undefined,
        front: undefined,
        timing: undefined,
        peakMemoryBytes: undefined,
        requestedAt: new Date().toISOString(),
        finishedAt: undefined,
      },
      make,
      cancelled: new AbortController(),
      watchers: new Set(),
    };
    this.#entries.set(entry.view.id, entry);
    this.#waiting.push(entry);
    this.#running ??= this.#run();
    return entry.view;
  }

  /** Throws not_found. */
  get(id: string): BuildView {
    return this.#entry(id).view;
  }

  /** The latest first. */
  list(): BuildView[] {
    return [...this.#entries.values()].map(({ view }) => view).reverse();
  }

  /** Throws not_found. Calls back until the build has ended, or the returned function is called. */
  watch(id: string, onChange: (view: BuildView) => void): () => void {
    const { watchers } = this.#entry(id);
    watchers.add(onChange);
    return () => watchers.delete(onChange);
  }

  /** Resolves with what it came to. Throws not_found. */
  ended(id: string): Promise<BuildView> {
    const { view, watchers } = this.#entry(id);
    if (hasEnded(view)) return Promise.resolve(view);
    return new Promise((resolve) => {
      watchers.add((changed) => {
        if (hasEnded(changed)) resolve(changed);
      });
    });
  }

  /** Throws not_found, or conflict where it is too late. */
  cancel(id: string): BuildView {
    const entry = this.#entry(id);
    if (hasEnded(entry.view)) throw errors.conflict('This build has ended already.');
    if (entry.view.state === 'warming')
      throw errors.conflict('The workers load the variant already; retire it when it is there.');
    entry.cancelled.abort();
    const at = this.#waiting.indexOf(entry);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      this.#tell(entry, { state: 'cancelled' });
      void this.#make(entry);
    }
    return entry.view;
  }

  /** Cancels all; resolves when none runs. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { view } of [...this.#waiting]) this.cancel(view.id);
    this.#current?.cancelled.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    // So that whoever asked has the answer before the first change.
    await Promise.resolve();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#current = next;
      await this.#make(next);
    }
    this.#current = undefined;
    this.#running = undefined;
  }

  async #make(entry: Entry): Promise<void> {
    const { logger, metrics } = this.options;
    const report: Report = (change) => this.#tell(entry, change);
    const startedAt = performance.now();
    let outcome: BuildOutcomeView;
    try {
      outcome = await entry.make(report, entry.cancelled.signal);
    } catch (error) {
      logger.error({ err: error, variant: entry.view.name }, 'a build failed unexpectedly');
      const detail = 'Something went wrong inside the gateway; the log has more.';
      outcome = { state: 'failed', error: { code: 'internal', detail } };
    }
    const { state } = outcome;
    metrics.builds.inc({ result: state });
    if (state === 'active' || state === 'ready')
      metrics.buildDuration.observe((performance.now() - startedAt) / 1000);
    report({ ...outcome, progress: 1, finishedAt: new Date().toISOString() });
    const { name, parent, error } = entry.view;
    logger.info({ variant: name, parent, state, error: error?.detail }, 'a build ended');
    entry.watchers.clear();
    this.#forgetOld();
  }

  #tell(entry: Entry, change: Partial<BuildView>): void {
    entry.view = { ...entry.view, ...change };
    for (const watcher of [...entry.watchers]) watcher(entry.view);
  }

  #forgetOld(): void {
    const ended = [...this.#entries.values()].filter(({ view }) => hasEnded(view));
    for (const { view } of ended.slice(0, Math.max(0, ended.length - MAX_KEPT))) {
      this.#entries.delete(view.id);
    }
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw errors.notFound('There is no build of that id.');
    return entry;
  }
}
