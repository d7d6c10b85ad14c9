/**
 * The protocol's messages as frames of bytes. Both ends are on one host, so numbers are in its own byte order. A frame:
 *
 *     uint32 size of the frame, this included | uint32 kind | by kind, below | zeros up to a multiple of 4
 *     run:     uint32 id, jobs, tokens, bytes of the name | int32 lengths | int32 ids | uint8 case types | name, UTF-8
 *     result:  uint32 id, values | float64 runMs | float32 logits
 *     other:   uint32 bytes of the text | the message as JSON, UTF-8
 *
 * Runs and results travel as the arrays that they are; all else is rare. Pure.
 */

import { Buffer } from 'node:buffer';
import type { FromWorker, ToWorker } from './protocol.js';

type Run = Extract<ToWorker, { type: 'run' }>;
type Result = Extract<FromWorker, { type: 'result' }>;

const KIND = { other: 0, run: 1, result: 2 } as const;
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** Of size and kind, with which every frame begins. */
const HEAD_BYTES = 8;
const OTHER_BYTES = HEAD_BYTES + 4;
const RUN_BYTES = HEAD_BYTES + 16;
const RESULT_BYTES = HEAD_BYTES + 16;
/** A batch of 100,000 tokens has one of some MB; more is no frame but bytes gone astray. */
const MAX_FRAME_BYTES = 2 ** 30;

/** The size of a frame that begins with these four bytes. Throws a RangeError where none does. */
export function frameBytes(head: Uint8Array): number {
  const bytes = new DataView(head.buffer, head.byteOffset, 4).getUint32(0, LITTLE_ENDIAN);
  if (bytes < OTHER_BYTES || bytes % 4 !== 0 || bytes > MAX_FRAME_BYTES) {
    throw new RangeError(`a frame cannot have ${bytes} bytes`);
  }
  return bytes;
}

export function encodeFrame(message: ToWorker | FromWorker): Uint8Array {
  switch (message.type) {
    case 'run':
      return encodeRun(message);
    case 'result':
      return encodeResult(message);
    default:
      return encodeOther(message);
  }
}

/**
 * The message of a whole frame. Arrays of a result or run are views of the frame where it is aligned to 4 bytes, and
 * copies elsewhere. Throws a RangeError where sizes do not fit each other.
 */
export function decodeFrame(frame: Uint8Array): ToWorker | FromWorker {
  const aligned = frame.byteOffset % 4 === 0 ? frame : frame.slice();
  const kind = new Uint32Array(aligned.buffer, aligned.byteOffset, 2)[1];
  switch (kind) {
    case KIND.run:
      return decodeRun(aligned);
    case KIND.result:
      return decodeResult(aligned);
    case KIND.other:
      return decodeOther(aligned);
    default:
      throw new RangeError(`a frame cannot be of kind ${kind}`);
  }
}

/** An aligned frame with its head written. */
function newFrame(kind: number, contentBytes: number): Buffer<ArrayBuffer> {
  const bytes = Math.ceil(contentBytes / 4) * 4;
  if (bytes > MAX_FRAME_BYTES) throw new RangeError(`a frame cannot have ${bytes} bytes`);
  const frame = Buffer.from(new ArrayBuffer(bytes));
  new Uint32Array(frame.buffer, 0, 2).set([bytes, kind]);
  return frame;
}

function expectSize(frame: Uint8Array, contentBytes: number): void {
  if (frame.length !== Math.ceil(contentBytes / 4) * 4) {
    throw new RangeError(`a frame of ${frame.length} bytes cannot hold ${contentBytes}`);
  }
}

function encodeRun({ id, input }: Run): Uint8Array {
  const { variant, lengths, ids, caseTypes } = input;
  const nameBytes = Buffer.byteLength(variant);
  const arrayBytes = lengths.byteLength + ids.byteLength + caseTypes.byteLength;
  const frame = newFrame(KIND.run, RUN_BYTES + arrayBytes + nameBytes);
  const { buffer } = frame;
  new Uint32Array(buffer, HEAD_BYTES, 4).set([id, lengths.length, ids.length, nameBytes]);
  let at = RUN_BYTES;
  new Int32Array(buffer, at, lengths.length).set(lengths);
  at += lengths.byteLength;
  new Int32Array(buffer, at, ids.length).set(ids);
  at += ids.byteLength;
  frame.set(caseTypes, at);
  frame.write(variant, at + caseTypes.length);
  return frame;
}

function decodeRun(frame: Uint8Array): Run {
  const { buffer, byteOffset } = frame;
  if (frame.length < RUN_BYTES) expectSize(frame, RUN_BYTES);
  const head = new Uint32Array(buffer, byteOffset + HEAD_BYTES, 4);
  const [id, jobs, tokens, nameBytes] = head as unknown as [number, number, number, number];
  expectSize(frame, RUN_BYTES + 4 * jobs + 5 * tokens + nameBytes);
  const idsAt = byteOffset + RUN_BYTES + 4 * jobs;
  const caseTypesAt = idsAt + 4 * tokens;
  const input = {
    variant: Buffer.from(buffer, caseTypesAt + tokens, nameBytes).toString(),
    lengths: new Int32Array(buffer, byteOffset + RUN_BYTES, jobs),
    ids: new Int32Array(buffer, idsAt, tokens),
    caseTypes: new Uint8Array(buffer, caseTypesAt, tokens),
  };
  return { type: 'run', id, input };
}

function encodeResult({ id, output }: Result): Uint8Array {
  const { logits, runMs } = output;
  const frame = newFrame(KIND.result, RESULT_BYTES + logits.byteLength);
  const { buffer } = frame;
  new Uint32Array(buffer, HEAD_BYTES, 2).set([id, logits.length]);
  new Float64Array(buffer, HEAD_BYTES + 8, 1)[0] = runMs;
  new Float32Array(buffer, RESULT_BYTES, logits.length).set(logits);
  return frame;
}

function decodeResult(frame: Uint8Array): Result {
  const { buffer, byteOffset } = frame;
  if (frame.length < RESULT_BYTES) expectSize(frame, RESULT_BYTES);
  const head = new DataView(buffer, byteOffset, RESULT_BYTES);
  const id = head.getUint32(HEAD_BYTES, LITTLE_ENDIAN);
  const values = head.getUint32(HEAD_BYTES + 4, LITTLE_ENDIAN);
  const runMs = head.getFloat64(HEAD_BYTES + 8, LITTLE_ENDIAN);
  expectSize(frame, RESULT_BYTES + 4 * values);
  const logits = new Float32Array(buffer, byteOffset + RESULT_BYTES, values);
  return { type: 'result', id, output: { logits, runMs } };
}

function encodeOther(message: ToWorker | FromWorker): Uint8Array {
  const text = JSON.stringify(message);
  const textBytes = Buffer.byteLength(text);
  const frame = newFrame(KIND.other, OTHER_BYTES + textBytes);
  new Uint32Array(frame.buffer, HEAD_BYTES, 1)[0] = textBytes;
  frame.write(text, OTHER_BYTES);
  return frame;
}

function decodeOther(frame: Uint8Array): ToWorker | FromWorker {
  const { buffer, byteOffset } = frame;
  const textBytes = new Uint32Array(buffer, byteOffset + HEAD_BYTES, 1)[0]!;
  expectSize(frame, OTHER_BYTES + textBytes);
  const text = Buffer.from(buffer, byteOffset + OTHER_BYTES, textBytes).toString();
  return JSON.parse(text) as ToWorker | FromWorker;
}
