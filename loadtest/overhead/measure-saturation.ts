import { processUsages, type ProcessUsage } from '../process-tree.js';
import { saturate } from '../saturate.js';
import { latenciesOf, type Latencies } from '../summarize.js';
import { scrapeEventLoopDelay, type EventLoopDelay } from './event-loop-delay.js';

export interface SaturationOptions {
  url: string;
  /** Of the HTTP process; its children are the workers. */
  pid: number;
  variant: string;
  texts: readonly string[];
  connections: number;
  /** Seconds. */
  warmup: number;
  duration: number;
}

export interface SaturationFigures {
  requests: number;
  requestsPerSecond: number;
  latencyMs: Latencies;
  cpuMsPerRequest: CpuMs;
  eventLoopMs: EventLoopDelay;
  workers: number;
  failures: number;
}

export interface CpuMs {
  http: number;
  workers: number;
  all: number;
}

/** A closed loop that fills the gateway: processor time by process, and how late the HTTP process' event loop runs. */
export async function measureSaturation(options: SaturationOptions): Promise<SaturationFigures> {
  const { url, pid, texts, variant, connections } = options;
  const run = (seconds: number) =>
    saturate({
      url: `${url}/ner`,
      connections,
      seconds,
      sentences: texts.length,
      headers: { 'cache-control': 'no-cache' },
      bodyOf: (sentence) => JSON.stringify({ text: texts[sentence], variant }),
    });
  if (options.warmup > 0) await run(options.warmup);
  // Begins the interval that the next scrape tells of.
  await scrapeEventLoopDelay(url);
  const before = processUsages(pid);
  const { exchanges, seconds } = await run(options.duration);
  const after = processUsages(pid);
  const eventLoopMs = await scrapeEventLoopDelay(url);
  if (exchanges.length === 0) throw new Error(`the gateway answered nothing in ${seconds} s`);
  const good = exchanges.filter(({ status }) => status === 200);
  return {
    requests: exchanges.length,
    requestsPerSecond: good.length / seconds,
    latencyMs: latenciesOf(good.map(({ latencyMs }) => latencyMs)),
    cpuMsPerRequest: cpuPerRequest({ before, after, httpPid: pid }, exchanges.length),
    eventLoopMs,
    workers: after.length - 1,
    failures: exchanges.length - good.length,
  };
}

interface Usages {
  before: readonly ProcessUsage[];
  after: readonly ProcessUsage[];
  httpPid: number;
}

/** CPU-ms a request of the HTTP process and of all others; one that began in between counts from its beginning. */
export function cpuPerRequest({ before, after, httpPid }: Usages, requests: number): CpuMs {
  const startOf = new Map(before.map(({ pid, cpuMs }) => [pid, cpuMs]));
  const spent = after.map(({ pid, cpuMs }) => ({ pid, ms: cpuMs - (startOf.get(pid) ?? 0) }));
  const sumOf = (isMember: (pid: number) => boolean): number =>
    spent.reduce((sum, { pid, ms }) => sum + (isMember(pid) ? ms : 0), 0) / requests;
  return {
    http: sumOf((pid) => pid === httpPid),
    workers: sumOf((pid) => pid !== httpPid),
    all: sumOf(() => true),
  };
}
