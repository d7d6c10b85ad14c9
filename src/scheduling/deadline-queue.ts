/** A chunk is split in two when it grows beyond this; a splice of 256 pointers costs less than 0.1 µs. */
const MAX_CHUNK = 256;

/**
 * Items in order of an instant (a deadline, an arrival, an expiry), ties by id. Insert and remove are a binary search
 * and one short splice. The instant of an item must not change while it is in the queue.
 */
export class DeadlineQueue<T extends { readonly id: number }> {
  readonly #instantOf: (item: T) => number;
  // Chunks are never empty, and each is sorted and wholly before the next.
  readonly #chunks: T[][] = [];
  #size = 0;

  constructor(instantOf: (item: T) => number) {
    this.#instantOf = instantOf;
  }

  get size(): number {
    return this.#size;
  }

  head(): T | undefined {
    return this.#chunks[0]?.[0];
  }

  add(item: T): void {
    this.#size += 1;
    const last = this.#chunks.length - 1;
    if (last < 0) {
      this.#chunks.push([item]);
      return;
    }
    const at = Math.min(this.#chunkFor(item), last);
    const chunk = this.#chunks[at]!;
    chunk.splice(this.#positionIn(chunk, item), 0, item);
    if (chunk.length > MAX_CHUNK) {
      this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
    }
  }

  /** Returns whether the item was in the queue. */
  remove(item: T): boolean {
    const at = this.#chunkFor(item);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return false;
    const position = this.#positionIn(chunk, item);
    if (chunk[position] !== item) return false;
    chunk.splice(position, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#size -= 1;
    return true;
  }

  /** Visits in order until `visit` returns true; the queue must not be changed meanwhile. */
  some(visit: (item: T) => boolean): boolean {
    for (const chunk of this.#chunks) {
      for (const item of chunk) if (visit(item)) return true;
    }
    return false;
  }

  /** The same from the last item to the first. */
  someFromEnd(visit: (item: T) => boolean): boolean {
    for (let at = this.#chunks.length - 1; at >= 0; at -= 1) {
      const chunk = this.#chunks[at]!;
      for (let i = chunk.length - 1; i >= 0; i -= 1) if (visit(chunk[i]!)) return true;
    }
    return false;
  }

  /** The first item in order that `matches`. */
  find(matches: (item: T) => boolean): T | undefined {
    for (const chunk of this.#chunks) {
      for (const item of chunk) if (matches(item)) return item;
    }
    return undefined;
  }

  #isBefore(one: T, other: T): boolean {
    const gap = this.#instantOf(one) - this.#instantOf(other);
    return gap < 0 || (gap === 0 && one.id < other.id);
  }

  /** The first chunk whose last item is not before `item`; the number of chunks if there is none. */
  #chunkFor(item: T): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBefore(this.#chunks[middle]!.at(-1)!, item)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #positionIn(chunk: readonly T[], item: T): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBefore(chunk[middle]!, item)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
