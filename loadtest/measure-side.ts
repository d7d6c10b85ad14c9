import { treeUsage } from './process-tree.js';
import { saturate } from './saturate.js';
import { latenciesOf, type Latencies } from './summarize.js';

export interface SideServer {
  name: string;
  url: string;
  /** The root of its processes. */
  pid: number;
}

export interface SideFigures {
  requests: number;
  requestsPerSecond: number;
  latencyMs: Latencies;
  cpuMsPerRequest: number;
  rssMiB: number;
  processes: number;
  failures: number;
}

interface SideLoad {
  texts: readonly string[];
  variant: string;
  connections: number;
  warmup: number;
  duration: number;
}

/** One side for one round. Both get byte for byte the same requests; a peer ignores the fields that it does not know. */
export async function measureSide(side: SideServer, load: SideLoad): Promise<SideFigures> {
  const run = (seconds: number) =>
    saturate({
      url: `${side.url}/ner`,
      connections: load.connections,
      seconds,
      sentences: load.texts.length,
      headers: { 'cache-control': 'no-cache' },
      bodyOf: (sentence) => JSON.stringify({ text: load.texts[sentence], variant: load.variant }),
    });
  if (load.warmup > 0) await run(load.warmup);
  const before = treeUsage(side.pid);
  const { exchanges, seconds } = await run(load.duration);
  const after = treeUsage(side.pid);
  const good = exchanges.filter(({ status }) => status === 200);
  return {
    requests: exchanges.length,
    requestsPerSecond: good.length / seconds,
    latencyMs: latenciesOf(good.map(({ latencyMs }) => latencyMs)),
    cpuMsPerRequest: (after.cpuMs - before.cpuMs) / exchanges.length,
    rssMiB: after.rssMiB,
    processes: after.processes,
    failures: exchanges.length - good.length,
  };
}
