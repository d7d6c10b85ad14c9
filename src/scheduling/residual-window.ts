/** 5 % of 100: the p95 then rests on the five highest ratios, one outlier alone cannot move it. */
const CAPACITY = 100;
/** What is assumed before anything was measured: p95 15 % over the prediction. */
const PRIOR = { lowest: 0.85, p95: 1.15 };

/** The last 100 measured/predicted ratios of one variant, begun with an assumed spread. */
export class ResidualWindow {
  readonly #recent = new Float64Array(CAPACITY);
  readonly #sorted: number[];
  #next = 0;

  constructor() {
    const step = (PRIOR.p95 - PRIOR.lowest) / (0.95 * CAPACITY - 1);
    // Stored in a scattered order: whatever part of it has been replaced, the rest keeps its spread.
    for (let i = 0; i < CAPACITY; i += 1) {
      this.#recent[i] = PRIOR.lowest + step * ((i * 37) % CAPACITY);
    }
    this.#sorted = Array.from(this.#recent).sort((one, other) => one - other);
  }

  add(ratio: number): void {
    this.#sorted.splice(this.#position(this.#recent[this.#next]!), 1);
    this.#sorted.splice(this.#position(ratio), 0, ratio);
    this.#recent[this.#next] = ratio;
    this.#next = (this.#next + 1) % CAPACITY;
  }

  get p95(): number {
    return this.#sorted[0.95 * CAPACITY - 1]!;
  }

  #position(ratio: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < ratio) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
