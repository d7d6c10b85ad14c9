import { z } from 'zod';
import { errors } from '../errors.js';
import { checkMediaType } from './json-body.js';
import { nerResultSchema } from './ner-answer.js';
import { NER_ERRORS, NER_HEADERS } from './ner-routes.js';
import { parseNerBody } from './ner-schema.js';
import { NerStream } from './ner-stream.js';
import { problemSchema } from './problem-schema.js';
import { checkServing, namedVariant } from './serving-variants.js';
import { StreamBuffers } from './stream-buffers.js';
import { streamDefaults, withDefaults, type StreamDefaults } from './stream-defaults.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Exchange } from './exchange.js';
import type { GatewayPort } from './gateway-port.js';
import type { NerCall } from './ner-call.js';
import type { Route } from './route.js';

export interface StreamOptions {
  readonly call: NerCall;
  readonly gateway: GatewayPort;
  readonly metrics: Metrics;
  readonly maxLineBytes: number;
  /** Open at a time. */
  readonly maxStreams: number;
  /** Aborts when the server is to close: streams end. */
  readonly closing: AbortSignal | undefined;
  readonly idleMs?: number | undefined;
  readonly now: () => number;
}

const NDJSON = 'application/x-ndjson';
const MEDIA_TYPES = [NDJSON, 'application/ndjson', 'application/jsonl', 'application/x-jsonlines'];
/** Enough to keep the workers of a host busy and to let texts of like length run together. */
const MAX_IN_FLIGHT = 32;
const IDLE_MS = 60_000;
const RETRY_AFTER_MS = 1_000;
/** Streams last longer than requests. */
const FULL_RETRY_AFTER_MS = 5_000;

/** A line of the answer. */
export const streamLineSchema = z.union([
  nerResultSchema.extend({ index: z.int().min(0).describe('Of the document, from 0.') }),
  z.strictObject({
    index: z.int().min(0).optional().describe('Absent in a last line, which is of the stream.'),
    error: problemSchema,
  }),
]);

/** The row of `POST /ner/stream`. */
export function streamRow(options: StreamOptions): Route {
  const { call, gateway, metrics, maxLineBytes, maxStreams, closing, now } = options;
  const { idleMs = IDLE_MS } = options;
  const open = new Set<NerStream>();
  const buffers = new StreamBuffers();
  closing?.addEventListener('abort', () => {
    for (const stream of open) stream.close();
  });

  const handle = async (exchange: Exchange): Promise<void> => {
    checkMediaType(exchange.req, MEDIA_TYPES);
    if (exchange.isClosing() || closing?.aborted) throw errors.draining(RETRY_AFTER_MS);
    checkServing(gateway);
    if (open.size >= maxStreams) throw errors.tooManyStreams(maxStreams, FULL_RETRY_AFTER_MS);
    const defaults = checkedDefaults(exchange, { call, gateway });
    const { res } = exchange;
    res.setHeader('Content-Type', NDJSON);
    res.setHeader('X-Content-Type-Options', 'nosniff');
    // Some proxies keep an answer until it is whole.
    res.setHeader('X-Accel-Buffering', 'no');
    const stream = new NerStream(exchange, {
      call,
      defaults,
      maxLineBytes,
      maxInFlight: MAX_IN_FLIGHT,
      idleMs,
      buffers,
      metrics,
      now,
    });
    open.add(stream);
    metrics.openStreams.set(open.size);
    await stream.run().finally(() => {
      open.delete(stream);
      metrics.openStreams.set(open.size);
    });
  };
  return {
    method: 'post',
    path: '/ner/stream',
    summary: 'A document a line, as long as the caller likes; its answers in the same order.',
    headers: NER_HEADERS,
    request: { type: NDJSON, line: z.union([z.string(), call.schema.omit({ texts: true })]) },
    optionalBody: true,
    response: { type: NDJSON, line: streamLineSchema },
    errors: NER_ERRORS,
    handle,
  };
}

/** Those of the query. Throws where they would fail every line, or the header would. */
function checkedDefaults(
  exchange: Exchange,
  { call, gateway }: Pick<StreamOptions, 'call' | 'gateway'>,
): StreamDefaults {
  const { variant, ...others } = streamDefaults(exchange.req.url);
  const named = typeof variant === 'string' ? namedVariant(variant, gateway) : undefined;
  const defaults = { ...others, ...(named !== undefined && { variant: named }) };
  const body = parseNerBody(call.schema, withDefaults({ text: '' }, defaults));
  const signal = new AbortController().signal;
  call.toRequest(exchange, body, { signal });
  return defaults;
}
