import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { allGone, childrenOf } from './child-processes.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const READY = /^entier is ready on (http:\/\/\S+) - .*$/m;

/** The process ended before it was ready. `output` is what it printed and logged. */
export class StartFailure extends Error {
  readonly exitCode: number | null;
  readonly output: string;

  constructor(exitCode: number | null, output: string) {
    super(`the gateway ended with ${exitCode} before it was ready:\n${output}`);
    this.name = 'StartFailure';
    this.exitCode = exitCode;
    this.output = output;
  }
}

/** The built gateway, started as a user starts it, on a free port. */
export class GatewayProcess {
  /** Set once `start` has resolved. */
  url = '';
  readyLine = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #stdout = '';
  #stderr = '';

  private constructor(env: Record<string, string>, args: readonly string[]) {
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout!.on('data', (chunk) => (this.#stdout += String(chunk)));
    this.#child.stderr!.on('data', (chunk) => (this.#stderr += String(chunk)));
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  /** Rejects with StartFailure where the process ends before it is ready. */
  static async start(env: Record<string, string> = {}): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(env, []);
    await gateway.#ready();
    return gateway;
  }

  /** Runs it to its own end, as with `--help`. */
  static async run(
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
    const gateway = new GatewayProcess(env, args);
    const exitCode = await gateway.#ended;
    return { exitCode, stdout: gateway.#stdout, stderr: gateway.#stderr };
  }

  /** What it printed and logged so far. */
  output(): string {
    return this.#stdout + this.#stderr;
  }

  workerPids(): number[] {
    return childrenOf(this.#child.pid!);
  }

  /** Resolves when none of these processes lives. */
  gone(pids: readonly number[]): Promise<void> {
    return allGone(pids);
  }

  /** Sends a signal and waits for nothing. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end. May be called again. */
  async stop(
    signal: NodeJS.Signals = 'SIGTERM',
  ): Promise<{ exitCode: number | null; seconds: number }> {
    const startedAt = performance.now();
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    const exitCode = await this.#ended;
    return { exitCode, seconds: (performance.now() - startedAt) / 1000 };
  }

  async #ready(): Promise<void> {
    const line = await Promise.race([this.#firstMatch(READY), this.#ended]);
    if (line === null || typeof line === 'number') throw new StartFailure(line, this.output());
    [this.readyLine, this.url] = [line[0], line[1]!];
  }

  #firstMatch(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      this.#child.stdout!.on('data', () => {
        const match = pattern.exec(this.#stdout);
        // The line must be whole, warnings of failed variants after it included in the same write.
        if (match !== null && this.#stdout.endsWith('\n')) resolve(match);
      });
    });
  }
}
