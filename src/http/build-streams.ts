import { errors } from '../errors.js';
import { BuildStream } from './build-stream.js';
import type { AdminPort } from './admin-port.js';
import type { Exchange } from './exchange.js';

export interface BuildStreamsOptions {
  readonly port: AdminPort;
  /** Aborts when the server is to close: then every stream ends. */
  readonly closing: AbortSignal | undefined;
  readonly heartbeatMs: number;
  readonly maxStreams: number;
}

const RETRY_AFTER_MS = 5_000;
const ACCEPTED = /(?:^|,)\s*text\/event-stream\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)/i;

/** The server-sent events of builds: at most so many at a time, and none when the server closes. */
export class BuildStreams {
  readonly #options: BuildStreamsOptions;
  readonly #open = new Set<BuildStream>();

  constructor(options: BuildStreamsOptions) {
    this.#options = options;
    options.closing?.addEventListener('abort', () => {
      for (const stream of this.#open) stream.close();
    });
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Answers with the state of a build and every change of it. Throws not_found, rate_limited, draining. */
  start(exchange: Exchange, id: string): void {
    const { port, closing, heartbeatMs, maxStreams } = this.#options;
    const view = port.build(id);
    if (closing?.aborted) throw errors.draining(RETRY_AFTER_MS);
    if (this.#open.size >= maxStreams) {
      const detail = `${maxStreams} streams are open already; ask for the state of the build instead.`;
      throw errors.rateLimited(detail, RETRY_AFTER_MS);
    }
    const stream = new BuildStream(exchange, { heartbeatMs });
    this.#open.add(stream);
    exchange.res.once('close', () => this.#open.delete(stream));
    stream.start(view, (onChange) => port.watchBuild(id, onChange));
  }
}

/** Whether the caller asks for events rather than for a document. */
export function wantsEvents({ req }: Exchange): boolean {
  return ACCEPTED.test(req.headers.accept ?? '');
}
