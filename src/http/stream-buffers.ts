import type { ServerResponse } from 'node:http';

/** Of answers that its caller has not read yet a stream may always hold this much, ... */
const ALWAYS_BYTES = 262_144;
/** ... this much for a caller who sends all before it reads, ... */
const MAX_BYTES = 16_777_216;
/** ... as long as all streams together hold no more than this. */
const MAX_TOTAL_BYTES = 67_108_864;

/** What all streams hold of answers that wait to be read. */
export class StreamBuffers {
  readonly #answers = new Set<ServerResponse>();

  add(res: ServerResponse): void {
    this.#answers.add(res);
  }

  delete(res: ServerResponse): void {
    this.#answers.delete(res);
  }

  /** Whether a stream may make more answers. If not, its `drain` event tells when it may again. */
  hasRoom({ writableLength: bytes }: ServerResponse): boolean {
    if (bytes <= ALWAYS_BYTES) return true;
    return bytes <= MAX_BYTES && this.#totalBytes() <= MAX_TOTAL_BYTES;
  }

  #totalBytes(): number {
    let bytes = 0;
    for (const { writableLength } of this.#answers) bytes += writableLength;
    return bytes;
  }
}
