/** An answer of so long ago counts half. */
const HALF_LIFE_MS = 300_000;

interface Use {
  readonly count: number;
  readonly at: number;
}

/** How much each variant has been used of late. */
export class VariantUsage {
  readonly #now: () => number;
  readonly #uses = new Map<string, Use>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** It answered, or begins to serve: a newcomer is not the least used one at once. */
  record(name: string): void {
    this.#uses.set(name, { count: this.of(name) + 1, at: this.#now() });
  }

  /** Answers, the older ones for less. */
  of(name: string): number {
    const use = this.#uses.get(name);
    return use === undefined ? 0 : use.count * 0.5 ** ((this.#now() - use.at) / HALF_LIFE_MS);
  }

  forget(name: string): void {
    this.#uses.delete(name);
  }
}
