import { readAnswer } from '../answer.js';
import { treeUsage } from '../process-tree.js';
import { saturate, type Exchange, type Saturation } from '../saturate.js';
import { tally } from '../statistics.js';
import { latenciesOf, type Latencies } from '../summarize.js';
import type { PointPlan } from './axes.js';

export interface LoadFigures {
  connections: number;
  seconds: number;
  requests: number;
  /** Of requests that were answered in full. */
  requestsPerSecond: number;
  latencyMs: Latencies;
  /** Null for a gateway that was not started here, and of no request. */
  cpuMsPerRequest: number | null;
  failures: Record<string, number>;
}

export interface PointFigures {
  loads: LoadFigures[];
  /** After the loads, added up over processes; null for a gateway that was not started here. */
  rssMiB: number | null;
  readyMs: number | null;
}

/** A gateway to measure at; `process` is undefined where it was not started here. */
export interface Target {
  url: string;
  variants: readonly string[];
  process: { pid: number; readyMs: number } | undefined;
}

interface PointOptions {
  warmup: number;
  duration: number;
  budgetMs: number;
}

/** At full load so many answers of each connection are waited for, where they are slow... */
const answersPerConnection = 3;
/** ...but at most so many times the duration. */
const maxStretch = 10;

/** Measures one point: one connection alone for latency, then as many as fill the gateway. */
export async function measurePoint(
  plan: PointPlan,
  target: Target,
  options: PointOptions,
): Promise<PointFigures> {
  const loads: LoadFigures[] = [];
  for (const connections of plan.connections) {
    const aloneMs = loads[0]?.latencyMs.p50;
    loads.push(await measureLoad(plan, target, { ...options, connections, aloneMs }));
  }
  const { process } = target;
  return {
    loads,
    rssMiB: process === undefined ? null : treeUsage(process.pid).rssMiB,
    readyMs: process?.readyMs ?? null,
  };
}

/** Longer than asked for where a round of all connections takes long: else too few of them would be answered at all. */
export function loadSeconds(duration: number, roundMs: number): number {
  const longest = maxStretch * duration;
  // NaN: one connection alone, or the warm-up, had no answer in time.
  if (Number.isNaN(roundMs)) return longest;
  return Math.min(Math.max(duration, (answersPerConnection * roundMs) / 1000), longest);
}

async function measureLoad(
  plan: PointPlan,
  { url, variants, process }: Target,
  options: PointOptions & { connections: number; aloneMs: number | undefined },
): Promise<LoadFigures> {
  const { connections, budgetMs, warmup } = options;
  const run = (seconds: number) =>
    saturate({
      url: `${url}/ner`,
      connections,
      seconds,
      sentences: plan.places,
      headers: { 'cache-control': 'no-cache' },
      bodyOf: (place, sequence) =>
        JSON.stringify({
          ...plan.fieldsOf(place),
          variant: variants[sequence % variants.length],
          latency_budget_ms: budgetMs,
        }),
    });
  const warmedUp = warmup > 0 ? await run(warmup) : undefined;
  const { aloneMs } = options;
  const roundMs = aloneMs === undefined ? roundMsOf(warmedUp, connections) : connections * aloneMs;
  const before = process === undefined ? undefined : treeUsage(process.pid);
  const { exchanges, seconds } = await run(loadSeconds(options.duration, roundMs));
  const cpuMs = before === undefined ? null : treeUsage(process!.pid).cpuMs - before.cpuMs;
  const requests = exchanges.length;
  const outcomes = exchanges.map((exchange) => ({ exchange, code: outcomeOf(exchange) }));
  const good = outcomes.filter(({ code }) => code === 'ok');
  return {
    connections,
    seconds,
    requests,
    requestsPerSecond: good.length / seconds,
    latencyMs: latenciesOf(good.map(({ exchange }) => exchange.latencyMs)),
    cpuMsPerRequest: cpuMs === null || requests === 0 ? null : cpuMs / requests,
    failures: tally(outcomes.map(({ code }) => code).filter((code) => code !== 'ok')),
  };
}

/** How long all connections take to have one answer each, by the rate of the warm-up: 0 without one, NaN where nothing was answered. */
export function roundMsOf(warmup: Saturation | undefined, connections: number): number {
  if (warmup === undefined) return 0;
  const answered = warmup.exchanges.filter(({ status }) => status === 200).length;
  return answered === 0 ? NaN : (1000 * connections * warmup.seconds) / answered;
}

/** `ok` where all texts of the request were answered, else what went wrong. */
export function outcomeOf(exchange: Exchange): string {
  const { code } = readAnswer(exchange);
  if (code !== 'unreadable') return code;
  return codeOfResults(exchange.body) ?? code;
}

/** Of a body with `results`, the code of the first text that failed; undefined for any other body. */
function codeOfResults(body: string): string | undefined {
  try {
    const { results } = JSON.parse(body) as { results?: { error?: { code: string } }[] };
    if (!Array.isArray(results)) return undefined;
    return results.find(({ error }) => error !== undefined)?.error?.code ?? 'ok';
  } catch {
    return undefined;
  }
}
