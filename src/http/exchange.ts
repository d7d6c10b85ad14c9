import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';

/** One request and its response, with what every handler needs. */
export interface Exchange {
  readonly req: Request;
  readonly res: Response;
  readonly requestId: string;
  /** On the gateway's monotonic clock, ms. */
  readonly arrivalAt: number;
  /** Whether the server takes no more connections: then this one ends with its answer. */
  readonly isClosing: () => boolean;
  /** The body may come as slowly as its handler lets it; else a request must be here within seconds. */
  readonly unhurried: () => void;
  /** The variant that answered, for the metrics; `none` until a handler knows it. */
  variant: string;
}

const REQUEST_ID = /^[\w.-]{1,128}$/;

/** The caller's X-Request-Id where it is harmless in a header and a log line, else a new one. */
export function requestIdOf(req: Request): string {
  const given = req.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Sends a whole body; the length is known, so nothing is chunked. */
export function send(
  { res, isClosing }: Exchange,
  body: string | Buffer,
  { status = 200, type = 'application/json' }: { status?: number; type?: string } = {},
): void {
  res.statusCode = status;
  if (isClosing()) res.setHeader('Connection', 'close');
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.end(body);
}

export function sendJson(exchange: Exchange, value: unknown, status = 200): void {
  send(exchange, JSON.stringify(value), { status });
}

/** 204: done, and there is nothing to tell. */
export function sendNothing({ res, isClosing }: Exchange): void {
  res.statusCode = 204;
  if (isClosing()) res.setHeader('Connection', 'close');
  res.end();
}
