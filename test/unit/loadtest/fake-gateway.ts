import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { loadCorpus } from '../../../loadtest/corpus/corpus.js';

export interface SeenRequest {
  text: string;
  tier?: string;
  latency_budget_ms?: number;
  on_miss?: string;
  variant?: string;
  experiment_key?: string;
  cacheControl: string | undefined;
}

export interface FakeGateway {
  url: string;
  seen: SeenRequest[];
  close(): Promise<void>;
}

const metrics = [
  ['0.5', 0.0001],
  ['0.9', 0.0002],
  ['0.99', 0.004],
  ['1', 0.02],
]
  .map(([quantile, value]) => `entier_event_loop_delay_seconds{quantile="${quantile}"} ${value}\n`)
  .join('');
const budgets: Record<string, number> = { realtime: 5000, standard: 20_000 };
const gold = new Map(loadCorpus().map(({ text, entities }) => [text, entities]));

/** So many requests at once are within the rate. */
const burst = 5;

/**
 * Answers as the gateway does, with the corpus' own labels; arm `b` finds nothing. Tier `realtime` is refused, a budget of
 * 7000 ms where the request says `reject` and its text was not refused before, and what comes above a rate, if there is one.
 */
export async function startFakeGateway({ perSecond = Infinity } = {}): Promise<FakeGateway> {
  const seen: SeenRequest[] = [];
  let allowed = Math.min(burst, perSecond);
  let countedAt = performance.now();
  const isWithinRate = (): boolean => {
    if (perSecond === Infinity) return true;
    const now = performance.now();
    allowed = Math.min(allowed + ((now - countedAt) / 1000) * perSecond, burst);
    countedAt = now;
    if (allowed < 1) return false;
    allowed--;
    return true;
  };
  const refused = new Set<string>();
  const arms = ['a', 'b'].map((name) => ({
    name,
    variant: name,
    requests: 7,
    budgets_met: 7,
    latency_ms: { p50: 1, p90: 2, p99: 3 },
    entities: { PER: 4 },
  }));
  const documents: Record<string, object> = {
    '/variants': { variants: ['full', 'broken'].map(variantOf) },
    '/openapi.json': { components: { tier: { enum: ['standard', 'realtime'] } } },
    '/experiments': { experiments: [{ name: 'fake', arms }] },
  };
  const isRefused = ({ text, tier, latency_budget_ms, on_miss }: SeenRequest): boolean => {
    const isProbe = !gold.has(text);
    if (tier === 'realtime' && !isProbe) return true;
    if (latency_budget_ms !== 7000 || on_miss !== 'reject' || refused.has(text)) return false;
    refused.add(text);
    return true;
  };
  const handle: RequestListener = (request, response) => {
    void (async () => {
      const send = (status: number, body: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      };
      if (request.url === '/metrics') {
        response.end(metrics);
        return;
      }
      const document = documents[request.url ?? ''];
      if (document) {
        send(200, document);
        return;
      }
      const content = JSON.parse(await readText(request)) as SeenRequest;
      const body = { ...content, cacheControl: request.headers['cache-control'] };
      seen.push(body);
      if (isRefused(body)) {
        send(503, { code: 'budget_unreachable' });
        return;
      }
      if (!isWithinRate()) {
        send(503, { code: 'overloaded' });
        return;
      }
      const arm = body.experiment_key === undefined ? undefined : seen.length % 2 === 0 ? 'a' : 'b';
      send(200, {
        entities: arm === 'b' ? [] : (gold.get(body.text) ?? []),
        variant: arm ?? 'full',
        experiment: arm === undefined ? null : { name: 'fake', arm },
        budget: {
          requested_ms: body.latency_budget_ms ?? budgets[body.tier ?? 'standard'],
          met: true,
        },
        timing_ms: {
          tokenize: 0.1,
          queue: 0.2,
          inference: 1 + seen.length / 1000,
          total: 1.4 + seen.length / 1000,
        },
      });
    })();
  };
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function variantOf(name: string): object {
  return name === 'broken'
    ? { name, state: 'failed', profile: null }
    : { name, state: 'active', profile: { a: 0.5, b: 0.02, c: 0 } };
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
