import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { BatchInput, BatchOutput, FromWorker, LoadVariant, ToWorker } from './protocol.js';

/** The worker process ended before it answered. */
export class WorkerDiedError extends Error {
  override readonly name = 'WorkerDiedError';
}

/** The model refused the batch; the worker lives on. */
export class RunFailedError extends Error {
  override readonly name = 'RunFailedError';
}

export interface WorkerEvents {
  /** `up`, then a message for every variant, then `loaded` once. */
  readonly onMessage: (
    message: Extract<FromWorker, { type: `variant_${string}` | 'up' | 'loaded' }>,
  ) => void;
  readonly onExit: (how: string) => void;
  /** A line on the process' stderr; ORT names nodes there, never input. */
  readonly onStderr: (line: string) => void;
}

interface PendingRun {
  readonly id: number;
  readonly hungAt: number;
  readonly resolve: (output: BatchOutput) => void;
  readonly reject: (error: Error) => void;
}

/** One worker process and the run that it has in flight, if any. */
export class Worker {
  readonly #process: ChildProcess;
  #pending: PendingRun | undefined;
  #nextId = 0;
  #exited = false;

  constructor(hostPath: string, events: WorkerEvents) {
    this.#process = fork(hostPath, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    this.#process.on('message', (message: FromWorker) => this.#receive(message, events));
    this.#process.once('exit', (code, signal) => {
      this.#exited = true;
      const how = signal ?? `code ${code ?? 'unknown'}`;
      this.#settle()?.reject(new WorkerDiedError(`the worker ended with ${how}`));
      events.onExit(how);
    });
    // Without a listener a failed fork or a write to a closed channel would be thrown.
    this.#process.on('error', (error) => events.onStderr(error.message));
    const { stderr } = this.#process;
    if (stderr !== null) createInterface({ input: stderr }).on('line', events.onStderr);
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  get isBusy(): boolean {
    return this.#pending !== undefined;
  }

  /** The run in flight has taken longer than it may; native code cannot be stopped but by killing the process. */
  isHung(now: number): boolean {
    return this.#pending !== undefined && now > this.#pending.hungAt;
  }

  load(variants: readonly LoadVariant[]): void {
    this.#send({ type: 'load', variants });
  }

  /** One run at a time. Rejects with WorkerDiedError or RunFailedError. */
  run(input: BatchInput, hungAfterMs: number): Promise<BatchOutput> {
    if (this.#pending !== undefined) throw new Error(`worker ${this.pid} is busy; this is a bug`);
    this.#nextId += 1;
    const id = this.#nextId;
    return new Promise((resolve, reject) => {
      this.#pending = { id, hungAt: performance.now() + hungAfterMs, resolve, reject };
      this.#send({ type: 'run', id, input });
    });
  }

  /** Asks the process to release its sessions and go; kills it after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    if (this.#exited) return;
    const gone = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()));
    this.#send({ type: 'exit' });
    const timer = setTimeout(() => this.kill(), graceMs);
    await gone;
    clearTimeout(timer);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #send(message: ToWorker): void {
    // A closed channel means that `exit` follows, which settles the run.
    if (this.#process.connected) this.#process.send(message);
  }

  #receive(message: FromWorker, events: WorkerEvents): void {
    switch (message.type) {
      case 'result':
        this.#settle()?.resolve(message.output);
        return;
      case 'run_failed':
        this.#settle()?.reject(new RunFailedError(message.detail));
        return;
      default:
        events.onMessage(message);
    }
  }

  #settle(): PendingRun | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}
