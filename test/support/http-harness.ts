import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { loadConfig } from '../../src/config.js';
import { closeServer } from '../../src/http/close-server.js';
import { createHttpServer, type Timeouts } from '../../src/http/server.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { FakeGateway } from './fake-gateway.js';
import type { AdminOptions } from '../../src/http/admin-routes.js';

/** A problem document as tests look at it. */
export interface ProblemBody {
  readonly type: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly request_id: string;
  readonly errors?: readonly { pointer: string; detail: string }[];
  readonly limit?: number;
}

export interface HarnessOptions {
  readonly admin?: AdminOptions;
  readonly streamIdleMs?: number;
  /** Of the configuration file. */
  readonly settings?: object;
  readonly now?: () => number;
}

/** The HTTP side on a free port, in front of a fake gateway. Close it in `after`. */
export async function startHttp(
  timeouts: Partial<Timeouts> = {},
  { admin, streamIdleMs, settings = {}, now = () => performance.now() }: HarnessOptions = {},
) {
  const gateway = new FakeGateway();
  const metrics = createMetrics();
  const config = loadConfig({ env: {}, readFile: () => JSON.stringify(settings) });
  const logLines: string[] = [];
  const logger = createLogger('trace', { write: (line: string) => void logLines.push(line) });
  const closing = new AbortController();
  const server = createHttpServer({
    gateway,
    metrics,
    config,
    logger,
    now,
    timeouts,
    admin,
    streamIdleMs,
    closing: closing.signal,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    gateway,
    metrics,
    logLines,
    server,
    url,
    /** What a shutdown does: streams end, requests under way are finished. Resolves to whether all could. */
    drain: (timeoutMs: number): Promise<boolean> => {
      closing.abort();
      return closeServer(server, timeoutMs);
    },
    post: (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${url}/ner`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
    /** A bare connection, for requests that no client library would send. */
    open: async (): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    close: async (): Promise<void> => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export type HttpHarness = Awaited<ReturnType<typeof startHttp>>;

export async function problemIn(response: Response): Promise<ProblemBody> {
  return (await response.json()) as ProblemBody;
}

/** Everything that the server sends until it ends the connection. */
export async function untilClosed(socket: Socket): Promise<string> {
  return readAll(socket);
}
