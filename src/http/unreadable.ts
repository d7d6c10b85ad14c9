import { errors } from '../errors.js';
import { problemOf, PROBLEM_TYPE } from './problem.js';
import type { Duplex } from 'node:stream';

/** What node's HTTP parser refuses before there is a request, and the status line that says so. */
const STATUS_LINES: Record<string, { readonly status: number; readonly reason: string }> = {
  HPE_HEADER_OVERFLOW: { status: 431, reason: 'Request Header Fields Too Large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, reason: 'Request Timeout' },
};
const BAD_REQUEST = { status: 400, reason: 'Bad Request' };

/** Answers what is no HTTP, or came too slowly, and ends the connection. Returns the status where one was sent. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): number | undefined {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return undefined;
  }
  const { status, reason } = STATUS_LINES[error.code ?? ''] ?? BAD_REQUEST;
  const failure = errors.invalidRequest(`The request cannot be read: ${reason}.`);
  const body = JSON.stringify({ ...problemOf(failure), status });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
  return status;
}
