import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { treeUsage } from '../process-tree.js';
import { stopOnExit } from '../stop-on-exit.js';
import { latenciesOf } from '../summarize.js';
import type { SideFigures } from '../measure-side.js';
import type { Load, RunningSide } from './side.js';

export interface RunRawLoop {
  type: 'run';
  seconds: number;
}

export type FromRawLoop =
  { type: 'ready' } | { type: 'done'; latenciesMs: number[]; seconds: number };

interface RawLoopOptions {
  modelsDir: string;
  variant: string;
  /** Of the corpus, from its beginning. */
  sentences: number;
  processes: number;
}

const script = fileURLToPath(new URL('./raw-loop-process.js', import.meta.url));

/** ONNX Runtime alone: processes side by side, one thread each, that run sentence after sentence of tokenised text. */
export async function startRawLoop(options: RawLoopOptions): Promise<RunningSide> {
  const startedAt = performance.now();
  const { modelsDir, variant, sentences, processes } = options;
  const loops = Array.from({ length: processes }, (_, place) => {
    const args = [modelsDir, variant, sentences, place, processes].map(String);
    const child = fork(script, args, { serialization: 'advanced' });
    return { child, forget: stopOnExit(child) };
  });
  const children = loops.map(({ child }) => child);
  const stop = async (): Promise<void> => {
    await Promise.all(loops.map(({ child, forget }) => stopLoop(child).then(forget)));
  };
  try {
    await Promise.all(children.map((child) => messageOf(child, 'ready')));
  } catch (error) {
    await stop();
    throw error;
  }
  const readyMs = performance.now() - startedAt;
  return { readyMs, measure: (load) => measure(children, load), recogniser: undefined, stop };
}

async function measure(children: readonly ChildProcess[], load: Load): Promise<SideFigures> {
  if (load.warmup > 0) await runAll(children, load.warmup);
  const before = usageOf(children);
  const runs = await runAll(children, load.duration);
  const after = usageOf(children);
  const latencies = runs.flatMap(({ latenciesMs }) => latenciesMs);
  return {
    requests: latencies.length,
    requestsPerSecond: runs.reduce((sum, run) => sum + run.latenciesMs.length / run.seconds, 0),
    latencyMs: latenciesOf(latencies),
    cpuMsPerRequest: (after.cpuMs - before.cpuMs) / latencies.length,
    rssMiB: after.rssMiB,
    processes: children.length,
    failures: 0,
  };
}

async function runAll(children: readonly ChildProcess[], seconds: number) {
  return Promise.all(
    children.map((child) => {
      const done = messageOf(child, 'done');
      child.send({ type: 'run', seconds } satisfies RunRawLoop);
      return done;
    }),
  );
}

function usageOf(children: readonly ChildProcess[]): { cpuMs: number; rssMiB: number } {
  const usages = children.map(({ pid }) => treeUsage(pid!));
  return {
    cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    rssMiB: usages.reduce((sum, { rssMiB }) => sum + rssMiB, 0),
  };
}

/** The next message of a kind; rejects where the process ends first. */
async function messageOf<T extends FromRawLoop['type']>(
  child: ChildProcess,
  type: T,
): Promise<Extract<FromRawLoop, { type: T }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      const content = message as FromRawLoop;
      if (content.type !== type) return;
      forget();
      resolve(content as Extract<FromRawLoop, { type: T }>);
    };
    const onExit = (code: number | null): void => {
      forget();
      reject(new Error(`a process of the raw loop ended with ${code}; its output is above`));
    };
    const forget = (): void => void child.off('message', onMessage).off('exit', onExit);
    child.on('message', onMessage).on('exit', onExit);
  });
}

async function stopLoop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
