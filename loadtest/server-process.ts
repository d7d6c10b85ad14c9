import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { stopOnExit } from './stop-on-exit.js';

export interface ServerProcess {
  url: string;
  pid: number;
  /** Milliseconds from the start of the process until it was ready. */
  readyMs: number;
  stop(): Promise<void>;
}

interface ServerOptions {
  name: string;
  /** What runs the script: this Node.js, unless it says otherwise. */
  command?: string;
  /** The script and its arguments. */
  script: (port: number) => readonly string[];
  env?: (port: number) => Readonly<Record<string, string>>;
  /** Answers 200 as soon as the server may be sent requests. */
  readyPath: string;
  timeoutMs?: number;
  /** So much less than ours is its claim to the processor, up to 19: whoever sends the load goes first. */
  niceness?: number;
}

const MAX_NICENESS = 19;
const pollMs = 20;
const stopTimeoutMs = 12_000;
/** So much of its output is shown when a server does not start. */
const outputTailLength = 4000;

/** Starts a server on a free port of the loopback and waits until it is ready; stopped with us, whatever ends us. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const child = spawn(options.command ?? process.execPath, options.script(port), {
    env: { ...process.env, ...options.env?.(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (options.niceness !== undefined && child.pid !== undefined) {
    // Before it has children or threads, which all inherit it.
    os.setPriority(child.pid, Math.min(os.getPriority() + options.niceness, MAX_NICENESS));
  }
  let output = '';
  const keepTail = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-outputTailLength);
  };
  child.stdout.on('data', keepTail);
  child.stderr.on('data', keepTail);
  const forget = stopOnExit(child);
  const stop = async (): Promise<void> => {
    await stopChild(child);
    forget();
  };
  const timeoutMs = options.timeoutMs ?? 120_000;
  while (!(await isReady(url + options.readyPath))) {
    const late = performance.now() - startedAt > timeoutMs;
    if (late || hasEnded(child)) {
      await stop();
      const what = late ? `is not ready after ${timeoutMs / 1000} s` : 'ended while it started';
      throw new Error(`${options.name} ${what}. Its last output:\n${output.trim()}`);
    }
    await delay(pollMs);
  }
  return { url, pid: child.pid!, readyMs: performance.now() - startedAt, stop };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(force);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Nobody listens yet: the caller asks again until its time is up.
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
