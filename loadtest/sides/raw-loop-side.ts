import { performance } from 'node:perf_hooks';
import { treeUsage } from '../process-tree.js';
import { latenciesOf } from '../summarize.js';
import type { SideFigures } from '../measure-side.js';
import {
  startRawLoopChild,
  type RawLoopChild,
  type RawLoopOptions,
  type RawRuns,
} from './raw-loop-child.js';
import type { Load, RunningSide } from './side.js';

/** ONNX Runtime alone: processes side by side, one thread each, that run sentence after sentence of tokenised text. */
export async function startRawLoop(options: Omit<RawLoopOptions, 'place'>): Promise<RunningSide> {
  const startedAt = performance.now();
  const starts = await Promise.allSettled(
    Array.from({ length: options.processes }, (_, place) =>
      startRawLoopChild({ ...options, place }),
    ),
  );
  const loops = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(loops.map((loop) => loop.stop()));
  };
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const readyMs = performance.now() - startedAt;
  return { readyMs, measure: (load) => measure(loops, load), recogniser: undefined, stop };
}

async function measure(loops: readonly RawLoopChild[], load: Load): Promise<SideFigures> {
  if (load.warmup > 0) await runAll(loops, load.warmup);
  const before = usageOf(loops);
  const runs = await runAll(loops, load.duration);
  const after = usageOf(loops);
  const latencies = runs.flatMap(({ latenciesMs }) => latenciesMs);
  return {
    requests: latencies.length,
    requestsPerSecond: runs.reduce((sum, run) => sum + run.latenciesMs.length / run.seconds, 0),
    latencyMs: latenciesOf(latencies),
    cpuMsPerRequest: (after.cpuMs - before.cpuMs) / latencies.length,
    rssMiB: after.rssMiB,
    processes: loops.length,
    failures: 0,
  };
}

async function runAll(loops: readonly RawLoopChild[], seconds: number): Promise<RawRuns[]> {
  return Promise.all(loops.map((loop) => loop.ask({ type: 'run', seconds })));
}

function usageOf(loops: readonly RawLoopChild[]): { cpuMs: number; rssMiB: number } {
  const usages = loops.map(({ pid }) => treeUsage(pid));
  return {
    cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    rssMiB: usages.reduce((sum, { rssMiB }) => sum + rssMiB, 0),
  };
}
