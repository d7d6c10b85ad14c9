import { Worker } from '../runtime/worker.js';
import type {
  BatchInput,
  BatchOutput,
  FromWorker,
  LoadVariant,
  Provider,
} from '../runtime/protocol.js';

/** The model does not load, or does not run as a tagger must; the message says how, without a path. */
export class GateError extends Error {
  override readonly name = 'GateError';
}

/** Loading takes a second at most, a run some milliseconds; both may have to wait for a busy host. */
const HUNG_AFTER_MS = 60_000;
const CLOSE_GRACE_MS = 1_000;

/** A worker process for one variant that nobody trusts yet. It is not replaced when it dies. */
export class GateWorker {
  readonly #worker: Worker;
  readonly #gone: Promise<never>;
  #loaded: (message: FromWorker) => void = () => undefined;
  #runtimeVersion = 'unknown';
  #asked = false;

  /** Starts the process, which takes its time: load may be called at once, or when there is something to load. */
  constructor(hostPath: string, onStderr: (line: string) => void) {
    let gone: (error: GateError) => void;
    this.#gone = new Promise((_, reject) => (gone = reject));
    // It may go while nobody waits for it.
    this.#gone.catch(() => undefined);
    this.#worker = new Worker(hostPath, {
      onMessage: (message) => {
        if (message.type === 'up') this.#runtimeVersion = message.runtimeVersion;
        else this.#loaded(message);
      },
      onExit: (how) => gone(new GateError(`the process that loaded it ended with ${how}`)),
      onStderr,
    });
  }

  get pid(): number {
    return this.#worker.pid;
  }

  /** Version of onnxruntime, known once it has loaded. */
  get runtimeVersion(): string {
    return this.#runtimeVersion;
  }

  /** Resolves to where the variant runs. Rejects with GateError. */
  async load(variant: LoadVariant): Promise<Provider> {
    const loaded = new Promise<Provider>((resolve, reject) => {
      this.#loaded = (message) => {
        if (message.type === 'variant_loaded') resolve(message.provider);
        if (message.type === 'variant_failed')
          reject(new GateError(`it does not load: ${message.detail}`));
      };
    });
    this.#asked = true;
    this.#worker.load([variant]);
    return await this.#inTime(loaded);
  }

  /** Rejects with GateError. */
  async run(input: BatchInput): Promise<BatchOutput> {
    try {
      return await this.#inTime(this.#worker.run(input, HUNG_AFTER_MS));
    } catch (error) {
      if (error instanceof GateError) throw error;
      throw new GateError(`it does not run: ${(error as Error).message}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    // One that may not be up yet has nothing to release.
    if (!this.#asked) this.kill();
    await this.#worker.close(CLOSE_GRACE_MS);
  }

  kill(): void {
    this.#worker.kill();
  }

  async #inTime<T>(result: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.kill(), HUNG_AFTER_MS);
    try {
      return await Promise.race([result, this.#gone]);
    } finally {
      clearTimeout(timer);
    }
  }
}
