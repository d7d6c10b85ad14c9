import type { LatencyModel } from './latency-model.js';
import type { Batch } from './task.js';

/** Share of a difference that one run corrects: some 20 runs back is what counts. */
const GAIN = 0.05;

/** What batches have cost of late, as a share of their windows' cost one by one: 1 where nothing is gained, or batched. */
export class BatchSaving {
  #share = 1;

  get share(): number {
    return this.#share;
  }

  reset(): void {
    this.#share = 1;
  }

  /** A variant that is gone teaches nothing. */
  observe({ variant: name, jobs, length }: Batch, model: LatencyModel): void {
    const variant = model.find(name);
    if (variant === undefined) return;
    let oneByOneMs = 0;
    for (const { tokens } of jobs) oneByOneMs += model.predictMs(variant, 1, tokens);
    const share = model.predictMs(variant, jobs.length, length) / oneByOneMs;
    if (Number.isFinite(share)) this.#share += GAIN * (share - this.#share);
  }
}
