import { isUtf8 } from 'node:buffer';
import { errors } from '../errors.js';
import type { IncomingMessage } from 'node:http';

/** The caller hung up; nobody is left to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** A caller whose body is refused may send this many times the limit more before the connection is cut. */
const LINGER_FACTOR = 4;

const JSON_ONLY = ['application/json'];

/**
 * The JSON value of a request's body. Rejects with invalid_request, payload_too_large, unsupported_media_type or
 * ClientGone. Nothing of the body gets into an error.
 */
export async function readJson(req: IncomingMessage, maxBytes: number): Promise<unknown> {
  return parseJson(await readBody(req, { maxBytes, mediaTypes: JSON_ONLY }));
}

/** The bytes of a request's body, which may be empty. Without `mediaTypes` any is let in. */
export async function readBody(
  req: IncomingMessage,
  { maxBytes, mediaTypes }: { maxBytes: number; mediaTypes?: readonly string[] },
): Promise<Buffer> {
  checkMediaType(req, mediaTypes);
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) {
    linger(req, maxBytes);
    throw errors.payloadTooLarge(maxBytes);
  }
  return readBytes(req, maxBytes);
}

/** Throws invalid_request where the bytes are no JSON in UTF-8. `what` they are begins the sentence that says so. */
export function parseJson(bytes: Buffer, what = 'The body'): unknown {
  if (bytes.length === 0) throw errors.invalidRequest(`${what} is empty; expected a JSON object.`);
  if (!isUtf8(bytes)) throw errors.invalidRequest(`${what} is not valid UTF-8.`);
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    // The parser's message quotes the body, so it goes nowhere.
    throw errors.invalidRequest(`${what} is not valid JSON.`);
  }
}

/** Whether there is a body to read. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Throws unsupported_media_type where the body is another one, in another charset than UTF-8, or compressed. */
export function checkMediaType({ headers }: IncomingMessage, mediaTypes?: readonly string[]): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  if (mediaTypes?.includes(type) === false) {
    throw errors.unsupportedMediaType(`Content-Type: expected ${mediaTypes.join(' or ')}.`);
  }
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) {
    throw errors.unsupportedMediaType('Content-Type: the only charset is utf-8.');
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw errors.unsupportedMediaType('Content-Encoding: expected none.');
  }
}

function readBytes(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const gone = (): void => {
      // Every request closes; an error with its stack costs more than this look.
      if (!req.readableEnded) reject(new ClientGone());
    };
    const add = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      req.off('data', add);
      chunks.length = 0;
      linger(req, maxBytes);
      reject(errors.payloadTooLarge(maxBytes));
    };
    req.on('data', add);
    req.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    req.once('error', gone);
    req.once('close', gone);
  });
}

/** Closing while the caller still sends would reset the connection before the caller reads the answer. */
function linger(req: IncomingMessage, maxBytes: number): void {
  let left = maxBytes * LINGER_FACTOR;
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) req.socket.destroy();
  });
  // Resets after the answer are the caller's affair.
  req.on('error', () => undefined);
}
