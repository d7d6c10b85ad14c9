/** The binary tensor extension of the Open Inference Protocol: JSON first, then the bytes of the tensors it tells of. */

import { isUtf8 } from 'node:buffer';
import { errors } from '../errors.js';

export const HEADER_LENGTH = 'Inference-Header-Content-Length';

/** Before each element of a BYTES tensor: its length, unsigned and little-endian. */
const PREFIX_BYTES = 4;
const WHOLE_NUMBER = /^\d{1,15}$/;

/**
 * The two parts of a body. `headerLength`: the header of that name; without it all is JSON. Throws invalid_request
 * where it is no length within the body.
 */
export function splitBody(
  body: Buffer,
  headerLength: string | undefined,
): { json: Buffer; binary: Buffer } {
  if (headerLength === undefined) return { json: body, binary: body.subarray(body.length) };
  const length = WHOLE_NUMBER.test(headerLength) ? Number(headerLength) : NaN;
  if (Number.isNaN(length)) {
    throw errors.invalidRequest(`${HEADER_LENGTH}: expected the number of bytes of the JSON.`);
  }
  if (length > body.length) {
    throw errors.invalidRequest(
      `${HEADER_LENGTH}: it says ${length} bytes, and the whole body has ${body.length}.`,
    );
  }
  return { json: body.subarray(0, length), binary: body.subarray(length) };
}

/** The texts of a BYTES tensor of `count` elements. Throws invalid_request where bytes and count do not fit, or are no UTF-8. */
export function decodeTexts(bytes: Buffer, count: number): string[] {
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (texts.length === count) {
      throw errors.invalidRequest(
        `The tensor's bytes hold more than the ${count} elements of its shape.`,
      );
    }
    const start = at + PREFIX_BYTES;
    const end = start <= bytes.length ? start + bytes.readUInt32LE(at) : Infinity;
    if (end > bytes.length) {
      throw errors.invalidRequest(`The tensor's bytes end within element ${texts.length}.`);
    }
    const element = bytes.subarray(start, end);
    if (!isUtf8(element)) {
      throw errors.invalidRequest(`Element ${texts.length} of the tensor is not valid UTF-8.`);
    }
    texts.push(element.toString('utf8'));
    at = end;
  }
  if (texts.length < count) {
    throw errors.invalidRequest(
      `The tensor's bytes hold ${texts.length} elements, and its shape ${count}.`,
    );
  }
  return texts;
}

/** The bytes of a BYTES tensor. */
export function encodeTexts(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const element = Buffer.from(text);
      const prefix = Buffer.alloc(PREFIX_BYTES);
      prefix.writeUInt32LE(element.length);
      return [prefix, element];
    }),
  );
}
