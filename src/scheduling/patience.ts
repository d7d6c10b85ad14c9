/** How long newcomers can wait for a worker before even their fastest run misses, as recent arrivals showed it. */
export class Patience {
  readonly #sortedMs: readonly number[];
  readonly #overMs: number;

  /** One patience per arrival of the last `overMs`. */
  constructor(patienceMs: readonly number[], overMs: number) {
    this.#sortedMs = [...patienceMs].sort((one, other) => one - other);
    this.#overMs = overMs;
  }

  get leastMs(): number {
    return this.#sortedMs[0] ?? Infinity;
  }

  /** Expected newcomers that miss their deadlines if no worker is free for so long from now. */
  missesWithin(blockedMs: number): number {
    let sum = 0;
    for (const ms of this.#sortedMs) {
      if (ms >= blockedMs) break;
      sum += blockedMs - ms;
    }
    return sum / this.#overMs;
  }

  /** Expected newcomers in a ms that miss, if a worker is free only at the end of a run of `runMs` that began at any time. */
  missesPerMs(runMs: number): number {
    let sum = 0;
    for (const ms of this.#sortedMs) {
      if (ms >= runMs) break;
      sum += 1 - ms / runMs;
    }
    return sum / this.#overMs;
  }
}

/** Nobody is expected: no run makes anybody miss. */
export const NO_PATIENCE_KNOWN = new Patience([], 1);
