import { processMemory } from './process-memory.js';
import { Worker, WorkerDiedError } from './worker.js';
import type { BatchInput, BatchOutput, LoadFailure, LoadVariant, Provider } from './protocol.js';

/** A variant that a worker could not load. */
export interface FailedLoad {
  readonly name: string;
  readonly failure: LoadFailure;
  readonly detail: string;
}

interface PendingLoad {
  readonly failed: FailedLoad[];
  readonly resolve: (failed: readonly FailedLoad[]) => void;
  readonly reject: (error: Error) => void;
}

/** A worker process of a pool, in a place or spare, and what it holds. */
export class PoolWorker {
  /** Replaced when it changes hands. */
  onExit: (how: string) => void = () => undefined;
  /** It was killed because its run took too long. */
  hung = false;
  readonly #worker: Worker;
  readonly #providers = new Map<string, Provider>();
  #runtimeVersion: string | undefined;
  #emptyBytes: number | undefined;
  #exit: string | undefined;
  #loading: PendingLoad | undefined;

  constructor(
    hostPath: string,
    { onStderr, onGone }: { onStderr: (line: string) => void; onGone: () => void },
  ) {
    this.#worker = new Worker(hostPath, {
      onMessage: (message) => {
        switch (message.type) {
          case 'up':
            this.#runtimeVersion = message.runtimeVersion;
            this.#emptyBytes = this.residentBytes;
            break;
          case 'variant_loaded':
            this.#providers.set(message.name, message.provider);
            break;
          case 'variant_failed':
            this.#loading?.failed.push(message);
            break;
          case 'loaded':
            this.#loading?.resolve(this.#loading.failed);
            this.#loading = undefined;
        }
      },
      onExit: (how) => {
        this.#exit = how;
        this.#loading?.reject(diedLoading(how));
        this.#loading = undefined;
        onGone();
        this.onExit(how);
      },
      onStderr,
    });
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  get isBusy(): boolean {
    return this.#worker.isBusy;
  }

  get runtimeVersion(): string | undefined {
    return this.#runtimeVersion;
  }

  /** Where each variant that it holds runs. */
  get providers(): ReadonlyMap<string, Provider> {
    return this.#providers;
  }

  /** Undefined where the system does not tell, or it has ended. */
  get residentBytes(): number | undefined {
    return processMemory(this.pid)?.residentBytes;
  }

  /** Before it loaded anything. */
  get emptyBytes(): number | undefined {
    return this.#emptyBytes;
  }

  /** Loads these beside what it holds; resolves with those that it could not. Rejects with WorkerDiedError. */
  load(variants: readonly LoadVariant[]): Promise<readonly FailedLoad[]> {
    if (this.#exit !== undefined) return Promise.reject(diedLoading(this.#exit));
    return new Promise((resolve, reject) => {
      this.#loading = { failed: [], resolve, reject };
      this.#worker.load(variants);
    });
  }

  /** As `Worker.run`. */
  run(input: BatchInput, hungAfterMs: number): Promise<BatchOutput> {
    return this.#worker.run(input, hungAfterMs);
  }

  /** Kills it if its run has taken longer than it may. */
  killIfHung(now: number): void {
    if (!this.#worker.isHung(now)) return;
    this.hung = true;
    this.#worker.kill();
  }

  kill(): void {
    this.#worker.kill();
  }

  close(graceMs: number): Promise<void> {
    return this.#worker.close(graceMs);
  }
}

function diedLoading(how: string): WorkerDiedError {
  return new WorkerDiedError(`a worker ended with ${how} while it loaded the variants`);
}
