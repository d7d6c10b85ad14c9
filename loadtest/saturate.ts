import { performance } from 'node:perf_hooks';
import autocannon from 'autocannon';
import { rotation, startPlace } from './rotation.js';

/** One request and what came back; status 0 where nothing did. */
export interface Exchange {
  sentence: number;
  status: number;
  latencyMs: number;
  body: string;
}

export interface SaturateOptions {
  /** The address of the route, such as `http://127.0.0.1:8080/ner`. */
  url: string;
  connections: number;
  seconds: number;
  /** How many sentences there are; every connection begins at its own one. */
  sentences: number;
  bodyOf: (sentence: number, sequence: number) => string;
  headers: Readonly<Record<string, string>>;
}

export interface Saturation {
  exchanges: Exchange[];
  seconds: number;
}

/** Longer than any answer may take: ten batch budgets, at most 30 s. */
const timeoutSeconds = 32;
/** A server that is gone would otherwise be dialled in a tight loop until the time is up. */
const maxConnectionErrors = 100;

/**
 * A closed loop: each connection sends its next request when it has its answer, so this shows saturation and not latency
 * under an offered rate. Bodies are read afterwards, to leave the processor to the server.
 */
export async function saturate(options: SaturateOptions): Promise<Saturation> {
  const exchanges: Exchange[] = [];
  let connection = 0;
  let sequence = 0;
  const startedAt = performance.now();
  // Never set a rate here: autocannon would then "correct" latencies for coordinated omission, wrongly, in steps of 1 ms.
  await autocannon({
    url: options.url,
    method: 'POST',
    connections: options.connections,
    duration: options.seconds,
    timeout: timeoutSeconds,
    bailout: maxConnectionErrors,
    // autocannon looks at this interval whether the time is up.
    sampleInt: 50,
    setupClient: (client) => {
      const places = rotation(
        startPlace(connection++, options.connections, options.sentences),
        options.sentences,
      );
      let current: Exchange = { sentence: -1, status: 0, latencyMs: 0, body: '' };
      let previous = current;
      client.setRequests([
        {
          headers: { 'content-type': 'application/json', ...options.headers },
          setupRequest: (request) => {
            const sentence = places.next().value;
            previous = current;
            current = { sentence, status: 0, latencyMs: timeoutSeconds * 1000, body: '' };
            return { ...request, body: options.bodyOf(sentence, sequence++) };
          },
          onResponse: (_status, body) => {
            current.body = body;
          },
        },
      ]);
      client.on('response', (status, _bytes, latencyMs) => {
        exchanges.push({ ...current, status, latencyMs });
      });
      // A timeout is told only after the next request was set up, a broken connection before it.
      (client as NodeJS.EventEmitter)
        .on('connError', () => exchanges.push({ ...current }))
        .on('timeout', () => exchanges.push({ ...previous }));
    },
  });
  return { exchanges, seconds: (performance.now() - startedAt) / 1000 };
}
