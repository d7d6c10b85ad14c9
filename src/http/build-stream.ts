import { hasEnded, type BuildView } from './admin-port.js';
import { toWireBuild } from './admin-schema.js';
import type { Exchange } from './exchange.js';

/** After as many heartbeats in which the caller has read nothing it is taken for gone. */
const STALLED_BEATS = 2;
/** When a client whose connection broke should try again, ms. */
const RECONNECT_MS = 3_000;

/**
 * The server-sent events of one caller. A caller who reads slowly misses states in between and never the last one: no
 * more than one waits, so that memory does not grow.
 */
export class BuildStream {
  readonly #exchange: Exchange;
  readonly #heartbeatMs: number;
  #latest: BuildView | undefined;
  #full = false;
  #stalledBeats = 0;

  constructor(exchange: Exchange, { heartbeatMs }: { heartbeatMs: number }) {
    this.#exchange = exchange;
    this.#heartbeatMs = heartbeatMs;
  }

  /** Sends the state and every change that `watch` reports, until the build ends, the caller goes or `close` is called. */
  start(view: BuildView, watch: (onChange: (view: BuildView) => void) => () => void): void {
    const { req, res, isClosing } = this.#exchange;
    res.setHeader('Cache-Control', 'no-store');
    if (hasEnded(view) && req.headers['last-event-id'] === idOf(view)) {
      // It has the end already; this tells EventSource not to come again.
      res.writeHead(204).end();
      return;
    }
    if (isClosing()) res.setHeader('Connection', 'close');
    res.setHeader('Content-Type', 'text/event-stream');
    res.setHeader('X-Content-Type-Options', 'nosniff');
    // Some proxies keep an answer until it is whole.
    res.setHeader('X-Accel-Buffering', 'no');
    if (req.method === 'HEAD') {
      res.end();
      return;
    }
    res.on('drain', () => {
      this.#full = false;
      const latest = this.#latest;
      this.#latest = undefined;
      if (latest !== undefined) this.#send(latest);
    });
    const beat = setInterval(() => this.#beat(), this.#heartbeatMs);
    res.once('close', () => clearInterval(beat));
    res.write(`retry: ${RECONNECT_MS}\n\n`);
    this.#send(view);
    if (hasEnded(view)) return;
    const unwatch = watch((change) => this.#send(change));
    res.once('close', unwatch);
  }

  /** Ends the stream before the build has ended. */
  close(): void {
    const { res } = this.#exchange;
    // Nothing can be told to a caller who does not read, and the server need not wait for it.
    if (res.writableLength > 0) res.destroy();
    else if (!res.writableEnded) res.end(': the gateway is shutting down\n\n');
  }

  #send(view: BuildView): void {
    const { res } = this.#exchange;
    if (res.writableEnded || res.destroyed) return;
    if (this.#full) {
      this.#latest = view;
      return;
    }
    this.#full = !res.write(eventOf(view));
    if (hasEnded(view)) res.end();
  }

  /** Keeps proxies from closing a connection on which nothing happens, and finds callers who are gone without a word. */
  #beat(): void {
    const { res } = this.#exchange;
    if (res.writableLength === 0 && !res.writableEnded) {
      this.#stalledBeats = 0;
      res.write(': heartbeat\n\n');
      return;
    }
    this.#stalledBeats += 1;
    if (this.#stalledBeats >= STALLED_BEATS) res.destroy();
  }
}

/** JSON has no line breaks, so it is one line of data. */
function eventOf(view: BuildView): string {
  return `id: ${idOf(view)}\nevent: progress\ndata: ${JSON.stringify(toWireBuild(view))}\n\n`;
}

function idOf({ state, progress }: BuildView): string {
  return `${state}-${Math.round(progress * 1000)}`;
}
