import { Pool, type Dispatcher } from 'undici';
import { monotonicMs } from './monotonic-clock.js';

/** What came back for one request; status 0 where nothing did. Instants are on the monotonic clock. */
export interface Reply {
  status: number;
  body: string;
  /** When the request was written to a connection. */
  sentAt: number;
  answeredAt: number;
}

export interface NerClient {
  /** Sends at once, on an idle connection or a new one; never rejects. */
  send(body: string): Promise<Reply>;
  close(): Promise<void>;
}

interface NerClientOptions {
  /** The gateway's address, without a path. */
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** Longer than any answer may take: ten batch budgets, at most 30 s. */
const timeoutMs = 32_000;

/** Posts to `/ner` over as many connections as requests are in flight: one that waited for another would not be open loop. */
export function createNerClient({ url, headers }: NerClientOptions): NerClient {
  const { origin, pathname } = new URL(`${url}/ner`);
  const pool = new Pool(origin, {
    connections: null,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const request = {
    path: pathname,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  } as const;
  return {
    send: (body) =>
      new Promise((resolve) => {
        pool.dispatch({ ...request, body }, replyHandler(resolve));
      }),
    close: () => pool.destroy(),
  };
}

function replyHandler(resolve: (reply: Reply) => void): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = [];
  let status = 0;
  let sentAt: number | undefined;
  const reply = (body: string): void => {
    const answeredAt = monotonicMs();
    const result = { status, body, sentAt: sentAt ?? answeredAt, answeredAt };
    // undici frees the connection in a setImmediate that comes behind this one: an immediate retry is to find it.
    setImmediate(() => setImmediate(() => resolve(result)));
  };
  return {
    onRequestStart: () => {
      sentAt = monotonicMs();
    },
    onResponseStart: (_controller, code) => {
      status = code;
    },
    onResponseData: (_controller, chunk) => {
      chunks.push(chunk);
    },
    onResponseEnd: () => {
      reply(Buffer.concat(chunks).toString());
    },
    onResponseError: () => {
      // A broken answer is none; the caller counts it.
      status = 0;
      reply('');
    },
  };
}
