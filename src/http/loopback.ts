import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createLogger } from '../telemetry/logger.js';
import { createMetrics } from '../telemetry/metrics.js';
import { closeServer } from './close-server.js';
import { createHttpServer } from './server.js';
import type { AddressInfo } from 'node:net';
import type { NerResult } from '../gateway/ner-request.js';
import type { GatewayPort } from './gateway-port.js';
import type { WireConfig } from './ner-schema.js';

/** What HTTP alone costs this process: requests that it sends to itself. */
export interface Loopback {
  /** One `POST /ner` there and back. Rejects where it is not answered with 200. */
  exchange(text: string): Promise<void>;
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 500;

/**
 * Opens the HTTP side on a free port of 127.0.0.1, before a gateway whose answers are there at once. Bodies are read,
 * checked and written as for any caller, with metrics of their own. Rejects where the port cannot be opened.
 */
export async function openLoopback(config: WireConfig): Promise<Loopback> {
  const server = createHttpServer({
    gateway: READY_ANSWERS,
    config,
    metrics: createMetrics({ ofProcess: false }),
    logger: createLogger('silent'),
    now: () => performance.now(),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  return {
    exchange: (text) => post({ agent, port, body: JSON.stringify({ text }) }),
    close: async () => {
      agent.destroy();
      await closeServer(server, CLOSE_TIMEOUT_MS);
    },
  };
}

function post({ agent, port, body }: { agent: Agent; port: number; body: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(
      { agent, host: '127.0.0.1', port, path: '/ner', method: 'POST', headers },
      (response) => {
        response.resume();
        response.once('error', reject);
        response.once('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`the loopback answered with ${response.statusCode}`));
        });
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

const ANSWER: NerResult = {
  entities: [{ label: 'LOC', start: 0, end: 1, score: 0.9, text: '-' }],
  variant: 'none',
  decision: 'best_fit',
  experiment: null,
  budgetMet: true,
  truncated: false,
  cached: false,
  timing: { tokenizeMs: 0.1, queueMs: 0.1, inferenceMs: 1, totalMs: 1.5 },
};

const READY_ANSWERS: GatewayPort = {
  handle: ({ texts }) => Promise.resolve(texts.map(() => ANSWER)),
  variants: () => [],
  experiments: () => [],
  readiness: () => ({
    ready: true,
    draining: false,
    variants: [],
    executionProvider: { requested: 'auto', active: 'cpu', detail: undefined },
    workerLayout: undefined,
  }),
};
