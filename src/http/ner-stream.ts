import { errors, GatewayError } from '../errors.js';
import { ClientGone, parseJson } from './json-body.js';
import { LineSplitter, type Line } from './line-splitter.js';
import { toWireResult } from './ner-answer.js';
import { parseNerBody } from './ner-schema.js';
import { expectedOf, problemOf } from './problem.js';
import { withDefaults, type StreamDefaults } from './stream-defaults.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Exchange } from './exchange.js';
import type { NerCall } from './ner-call.js';
import type { StreamBuffers } from './stream-buffers.js';

export interface NerStreamOptions {
  readonly call: NerCall;
  readonly defaults: StreamDefaults;
  readonly maxLineBytes: number;
  readonly maxInFlight: number;
  /** After as long a time in which the caller neither sends nor reads the stream ends. */
  readonly idleMs: number;
  readonly buffers: StreamBuffers;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** How long a caller who still sends may do so after the last line, before the connection is cut. */
const LINGER_MS = 1_000;
const RETRY_AFTER_MS = 1_000;

/**
 * The documents of one caller, a line each, and their answers in the same order. A line is taken up when less than
 * `maxInFlight` are under way and the caller reads; until then the body is not read on, so memory does not grow with it.
 */
export class NerStream {
  readonly #exchange: Exchange;
  readonly #options: NerStreamOptions;
  readonly #splitter: LineSplitter;
  readonly #gone = new AbortController();
  #lines: Generator<Line, void> | undefined;
  #inputEnded = false;
  #ending = false;
  #count = 0;
  #inFlight = 0;
  /** Resolves when all answers so far are written. */
  #written = Promise.resolve();
  #fail: (error: unknown) => void = () => undefined;

  constructor(exchange: Exchange, options: NerStreamOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#splitter = new LineSplitter(options.maxLineBytes);
  }

  /** Answers until the caller has sent all, or goes. Rejects for a bug, after the caller was told. */
  run(): Promise<void> {
    const { req, res } = this.#exchange;
    const { idleMs, buffers } = this.#options;
    this.#exchange.unhurried();
    buffers.add(res);
    // Counts neither while the caller sends nor while it reads, however slowly.
    res.setTimeout(idleMs, () => this.#onIdle());
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      res.once('close', () => {
        if (!res.writableEnded) this.#gone.abort(new ClientGone());
        this.#ending = true;
        buffers.delete(res);
        resolve();
      });
      res.on('drain', () => this.#pump());
      // Resets are seen as the close of the answer.
      req.on('error', () => undefined);
      req.on('data', (chunk: Buffer) => {
        if (this.#ending) return;
        this.#lines = this.#splitter.push(chunk);
        req.pause();
        this.#pump();
      });
      req.once('end', () => {
        this.#inputEnded = true;
        this.#lines = this.#splitter.end();
        this.#pump();
      });
      res.flushHeaders();
    });
  }

  /** Takes up no more lines, answers those under way, and tells why in a last line. */
  stop(reason: GatewayError): void {
    this.#end(reason);
  }

  /** Ends the stream because the server is to close. */
  close(): void {
    const { res } = this.#exchange;
    // Nothing can be told to a caller who does not read, and the server need not wait for it.
    if (!this.#options.buffers.hasRoom(res)) res.destroy();
    else this.stop(errors.draining(RETRY_AFTER_MS));
  }

  #pump(): void {
    const { maxInFlight, buffers } = this.#options;
    const { req, res } = this.#exchange;
    while (!this.#ending && this.#inFlight < maxInFlight && buffers.hasRoom(res)) {
      const next = this.#lines?.next();
      if (next === undefined || next.done) {
        this.#lines = undefined;
        if (this.#inputEnded) this.#end();
        else req.resume();
        return;
      }
      if (!isBlank(next.value)) this.#take(next.value);
    }
  }

  #take(line: Line): void {
    const answer = this.#answer(line, this.#count);
    this.#count += 1;
    this.#inFlight += 1;
    this.#written = this.#written
      .then(() => answer)
      .then((value) => {
        this.#inFlight -= 1;
        this.#write(value);
        this.#pump();
      });
  }

  /** What a line is answered with. Never rejects, since nobody listens before its turn to be written. */
  async #answer(line: Line, index: number): Promise<object | undefined> {
    const { call, defaults, maxLineBytes, metrics, now } = this.#options;
    const { requestId } = this.#exchange;
    const arrivalAt = now();
    try {
      if (line === 'too_long') throw errors.payloadTooLarge(maxLineBytes, 'The line');
      const body = parseNerBody(call.schema, withDefaults(documentIn(line), defaults));
      const { request, outcomes } = await call.ask(this.#exchange, body, {
        requestId: `${requestId}/${index}`,
        arrivalAt,
        signal: this.#gone.signal,
      });
      const [outcome] = outcomes;
      if (outcome === undefined) throw new Error(`no outcome for ${requestId}; this is a bug`);
      if (outcome instanceof GatewayError) throw outcome;
      metrics.streamDocuments.inc({ result: 'answered' });
      return { index, ...toWireResult(outcome, request), offset_unit: request.offsetUnit };
    } catch (error) {
      if (this.#gone.signal.aborted) return undefined;
      metrics.streamDocuments.inc({ result: 'failed' });
      if (error instanceof GatewayError) return { index, error: problemOf(error) };
      this.#end(error);
      return undefined;
    }
  }

  #write(value: object | undefined): void {
    const { res } = this.#exchange;
    if (value === undefined || res.writableEnded || res.destroyed) return;
    res.write(`${JSON.stringify(value)}\n`);
  }

  /** Ends the answer when all that was taken up is written. `error`: why the caller's other lines are not. */
  #end(error?: unknown): void {
    if (this.#ending) return;
    this.#ending = true;
    const { req, res, requestId } = this.#exchange;
    // What still comes is thrown away.
    req.resume();
    // Later, since the answer that found the error is yet to be among those to be written.
    setImmediate(() => {
      void this.#written.then(() => {
        if (res.destroyed) return;
        if (error !== undefined) {
          this.#write({ error: { ...problemOf(expectedOf(error)), request_id: requestId } });
        }
        if (!this.#inputEnded) res.once('finish', () => lingerAndCut(req.socket));
        res.end();
        if (error !== undefined && !(error instanceof GatewayError)) this.#fail(error);
      });
    });
  }

  /** Ends the stream of a caller who does nothing. Work of the gateway under way is no idleness of the caller. */
  #onIdle(): void {
    const { idleMs } = this.#options;
    const { res } = this.#exchange;
    if (res.writableLength > 0) res.destroy();
    else if (this.#inFlight > 0) res.setTimeout(idleMs);
    else this.stop(errors.invalidRequest(`Nothing came for ${Math.round(idleMs / 1000)} s.`));
  }
}

/** Closing while the caller still sends would reset the connection before the caller reads the last line. */
function lingerAndCut(socket: Exchange['req']['socket']): void {
  socket.end();
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(cut));
}

function isBlank(line: Line): boolean {
  return (
    line !== 'too_long' && line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
  );
}

/** A line's fields: a string is a text that says nothing else. */
function documentIn(line: Buffer): object {
  const value = parseJson(line, 'The line');
  if (typeof value === 'string') return { text: value };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw errors.validationFailed([{ pointer: '', detail: 'expected a string or an object' }]);
  }
  if (!('texts' in value)) return value;
  throw errors.validationFailed([{ pointer: '/texts', detail: 'a line is one text' }]);
}
