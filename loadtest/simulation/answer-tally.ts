import type { Outcome } from './virtual-workers.js';
import type { Workload } from './workload.js';

/**
 * Counts what was answered in time and by whom, and what F1 that comes to.
 *
 * A variant of F1 f is taken to find f of a text's entities and to claim as many as there are (precision = recall = f);
 * a late, refused or expired request counts as an empty answer: it claims nothing and misses all. Micro F1 over all
 * requests is then 2 x found / (claimed + there). Entities of a text are expected ones, from its length.
 */
export class AnswerTally {
  readonly #workload: Workload;
  readonly #quality: ReadonlyMap<string, number>;
  readonly #answers = new Map<string, number>();
  #requests = 0;
  #found = 0;
  #claimed = 0;
  #there = 0;

  constructor(workload: Workload, variants: readonly { name: string; quality: number }[]) {
    this.#workload = workload;
    this.#quality = new Map(variants.map(({ name, quality }) => [name, quality]));
  }

  add({ task, end, endedAt, variant }: Outcome): void {
    const entities = this.#workload.entities[task.id]!;
    this.#requests += 1;
    this.#there += entities;
    if (end !== 'completed' || endedAt > task.deadlineAt || variant === null) return;
    this.#answers.set(variant, (this.#answers.get(variant) ?? 0) + 1);
    this.#claimed += entities;
    this.#found += entities * this.#quality.get(variant)!;
  }

  get requests(): number {
    return this.#requests;
  }

  get metShare(): number {
    let met = 0;
    for (const answers of this.#answers.values()) met += answers;
    return met / this.#requests;
  }

  get effectiveF1(): number {
    return (2 * this.#found) / (this.#claimed + this.#there);
  }

  /** Of all requests, the share that each variant answered in time. */
  shares(): Record<string, number> {
    return Object.fromEntries(
      [...this.#quality.keys()].map((name) => [
        name,
        (this.#answers.get(name) ?? 0) / this.#requests,
      ]),
    );
  }
}
