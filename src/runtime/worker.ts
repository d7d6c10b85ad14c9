import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { FrameAssembler } from './frame-assembler.js';
import { decodeFrame, encodeFrame } from './frame-codec.js';
import { CHANNEL_FD } from './gateway-channel.js';
import { setServingPriority } from './process-priority.js';
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
  readonly #channel: Duplex | undefined;
  #pending: PendingRun | undefined;
  #nextId = 0;
  #exited = false;
  #settleGone: () => void = () => undefined;
  readonly #gone = new Promise<void>((resolve) => (this.#settleGone = resolve));

  constructor(hostPath: string, events: WorkerEvents) {
    this.#process = spawn(process.execPath, [hostPath], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#process.once('exit', (code, signal) =>
      this.#end(signal ?? `code ${code ?? 'unknown'}`, events),
    );
    this.#process.on('error', (error) => {
      events.onStderr(error.message);
      if (this.#process.pid === undefined) this.#end('no start', events);
    });
    if (this.#process.pid !== undefined) setServingPriority(this.#process.pid);
    // Where there are too many open files to make them, these are not there either.
    const streams = this.#process.stdio as ChildProcess['stdio'] | undefined;
    this.#channel = streams?.[CHANNEL_FD] as Duplex | undefined;
    if (this.#channel !== undefined) this.#listen(this.#channel, events);
    if (streams?.[2]) createInterface({ input: streams[2] }).on('line', events.onStderr);
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
    if (this.#exited) return Promise.reject(new WorkerDiedError('the worker has ended'));
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
    this.#send({ type: 'exit' });
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.#gone;
    clearTimeout(timer);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #send(message: ToWorker): void {
    // Bytes for a process that has ended go nowhere; `exit` settles the run.
    if (this.#channel?.writable) this.#channel.write(encodeFrame(message));
  }

  #listen(channel: Duplex, events: WorkerEvents): void {
    const assembler = new FrameAssembler();
    channel.on('data', (chunk: Buffer) => {
      try {
        for (const frame of assembler.push(chunk)) {
          this.#receive(decodeFrame(frame) as FromWorker, events);
        }
      } catch (error) {
        // Only native code gone astray writes anything else there; what follows cannot be read.
        events.onStderr(`not a message: ${(error as Error).message}`);
        channel.destroy();
        this.kill();
      }
    });
    // Without a listener a write to a process that has ended would be thrown.
    channel.on('error', () => undefined);
  }

  #receive(message: FromWorker, events: WorkerEvents): void {
    // What a process wrote last may come after the news of its end.
    if (this.#exited) return;
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

  #end(how: string, events: WorkerEvents): void {
    this.#exited = true;
    this.#settle()?.reject(new WorkerDiedError(`the worker ended with ${how}`));
    this.#settleGone();
    events.onExit(how);
  }

  #settle(): PendingRun | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}
