/** A line of a stream without its end, or that it was longer than allowed. */
export type Line = Buffer | 'too_long';

const NEWLINE = 0x0a;
const FIRST_BYTES = 4096;

/** Cuts a stream of bytes into lines of at most `maxBytes`. What it holds never exceeds twice that, however long a line is. */
export class LineSplitter {
  readonly #maxBytes: number;
  #held = Buffer.alloc(0);
  #length = 0;
  #isTooLong = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk. To be read to its end before the next chunk. */
  *push(chunk: Buffer): Generator<Line, void> {
    let at = 0;
    for (let end: number; (end = chunk.indexOf(NEWLINE, at)) !== -1; at = end + 1) {
      yield this.#close(chunk.subarray(at, end));
    }
    this.#keep(chunk.subarray(at));
  }

  /** The last line, where the stream did not end with a line's end. */
  *end(): Generator<Line, void> {
    if (this.#length > 0 || this.#isTooLong) yield this.#close(Buffer.alloc(0));
  }

  #close(last: Buffer): Line {
    const isWhole = this.#length === 0 && !this.#isTooLong && last.length <= this.#maxBytes;
    if (isWhole) return last;
    this.#keep(last);
    const line = this.#isTooLong ? 'too_long' : Buffer.from(this.#held.subarray(0, this.#length));
    this.#length = 0;
    this.#isTooLong = false;
    return line;
  }

  #keep(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (this.#isTooLong || length > this.#maxBytes) {
      this.#isTooLong = true;
      this.#length = 0;
      return;
    }
    if (length > this.#held.length) {
      // Doubled, so that a line which comes byte by byte is not copied each time.
      const bytes = Math.min(this.#maxBytes, Math.max(FIRST_BYTES, 2 * length));
      const grown = Buffer.alloc(bytes);
      this.#held.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    piece.copy(this.#held, this.#length);
    this.#length = length;
  }
}
