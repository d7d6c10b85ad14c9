/** Runs equal work once: whoever asks for a key that is under way waits for the same promise. */

interface Shared<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

export class SharedWork<T> {
  readonly #underWay = new Map<string, Shared<T>>();

  has(key: string): boolean {
    return this.#underWay.has(key);
  }

  /**
   * The result of the work under `key`, started if nobody has yet. The work is aborted only when everyone who waits
   * for it has gone; one who goes rejects with the reason of the own signal.
   */
  async run(
    key: string,
    signal: AbortSignal,
    start: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const shared = this.#underWay.get(key) ?? this.#start(key, start);
    shared.waiting += 1;
    let onAbort: (() => void) | undefined;
    const gone = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([shared.promise, gone]);
    } finally {
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
      shared.waiting -= 1;
      if (shared.waiting === 0) this.#abandon(key, shared);
    }
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const controller = new AbortController();
    const promise = start(controller.signal).finally(() => this.#forget(key, shared));
    const shared: Shared<T> = { promise, controller, waiting: 0 };
    // Whoever waits sees the rejection; when all have gone, nobody is left to.
    promise.catch(() => undefined);
    this.#underWay.set(key, shared);
    return shared;
  }

  #abandon(key: string, shared: Shared<T>): void {
    this.#forget(key, shared);
    shared.controller.abort();
  }

  #forget(key: string, shared: Shared<T>): void {
    if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
  }
}
