import { frameBytes } from './frame-codec.js';

const SIZE_BYTES = 4;

/** Cuts a stream of bytes, in whatever pieces it comes, into its frames. Pure. */
export class FrameAssembler {
  /** What is there of a frame that a chunk ended in; before its size is known, of that size. */
  #partial: Uint8Array | undefined;
  #sizeIsKnown = false;
  #filled = 0;

  /**
   * The frames that end in this chunk. Those that also begin in it are views of it, the others were put together in
   * memory of their own. Throws a RangeError where a frame cannot have the size that it says; the stream is lost then.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      const rest = chunk.length - at;
      if (this.#partial === undefined && rest >= SIZE_BYTES) {
        const bytes = frameBytes(chunk.subarray(at));
        if (bytes <= rest) {
          frames.push(chunk.subarray(at, at + bytes));
          at += bytes;
          continue;
        }
      }
      at += this.#collect(chunk.subarray(at));
      if (this.#sizeIsKnown && this.#filled === this.#partial!.length) {
        frames.push(this.#partial!);
        this.#reset();
      }
    }
    return frames;
  }

  /** Takes what belongs to the frame that is being put together; returns how many bytes that was. */
  #collect(bytes: Uint8Array): number {
    this.#partial ??= new Uint8Array(SIZE_BYTES);
    const taken = bytes.subarray(0, this.#partial.length - this.#filled);
    this.#partial.set(taken, this.#filled);
    this.#filled += taken.length;
    if (!this.#sizeIsKnown && this.#filled === SIZE_BYTES) {
      const whole = new Uint8Array(frameBytes(this.#partial));
      whole.set(this.#partial);
      this.#partial = whole;
      this.#sizeIsKnown = true;
    }
    return taken.length;
  }

  #reset(): void {
    this.#partial = undefined;
    this.#sizeIsKnown = false;
    this.#filled = 0;
  }
}
