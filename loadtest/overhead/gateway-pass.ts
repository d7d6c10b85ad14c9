import { readAnswer } from '../answer.js';
import { createNerClient, type Reply } from '../ner-client.js';

/** The answer's own account of where its time went, ms; the parts add up to the total but for decoding. */
export interface TimingMs {
  tokenize: number;
  queue: number;
  inference: number;
  total: number;
}

/** One text that was answered. */
export interface TimedRequest {
  /** By the clock of the client, from writing the request to the end of the answer. */
  latencyMs: number;
  timing: TimingMs;
}

/** The request for a text, or the code of why it has no such answer. */
export type PassEntry = TimedRequest | string;

export interface GatewayPassOptions {
  url: string;
  variant: string;
  texts: readonly string[];
}

/** So long that no text is given up on a busy host. */
const budgetMs = 30_000;

/** Sends each text once over one connection, the next when the one before was answered, past the result cache. */
export async function passOfGateway(options: GatewayPassOptions): Promise<PassEntry[]> {
  const { url, variant, texts } = options;
  const client = createNerClient({ url, headers: { 'cache-control': 'no-cache' } });
  const bodyOf = (text: string): string =>
    JSON.stringify({ text, variant, latency_budget_ms: budgetMs });
  try {
    // Opens the connection, which is no part of a request over one that is open.
    await client.send(bodyOf(texts[0]!));
    const replies: Reply[] = [];
    for (const text of texts) replies.push(await client.send(bodyOf(text)));
    // Read afterwards: the gateway is to have its next request at once.
    return replies.map((reply, sentence) => entryOf(reply, sentence));
  } finally {
    await client.close();
  }
}

function entryOf({ status, body, sentAt, answeredAt }: Reply, sentence: number): PassEntry {
  const latencyMs = answeredAt - sentAt;
  const { code } = readAnswer({ sentence, latencyMs, status, body });
  if (code !== 'ok') return code;
  const { timing_ms: timing } = JSON.parse(body) as { timing_ms?: TimingMs };
  return timing === undefined ? 'no_timing' : { latencyMs, timing };
}
