/** How far back what the workers did counts. */
const MEMORY_MS = 300;
/** Share of a difference that one run corrects of the typical run. */
const GAIN = 0.05;

/** What the workers have been doing of late. */
export interface Load {
  /** Share of their time for which the workers were busy, in [0, 1]. */
  readonly busyShare: number;
  /** Predicted run time of the batches that were started, ms. */
  readonly typicalRunMs: number;
}

/** Exponential averages of how busy the workers are and of how long their runs are. */
export class RecentLoad {
  #busyShare = 0;
  #typicalRunMs = 0;
  #share = 0;
  #since = 0;

  /** From now on this share of the workers is busy. */
  change(share: number, now: number): void {
    this.#advance(now);
    this.#share = share;
  }

  start(runMs: number): void {
    const gain = this.#typicalRunMs === 0 ? 1 : GAIN;
    this.#typicalRunMs += gain * (runMs - this.#typicalRunMs);
  }

  at(now: number): Load {
    this.#advance(now);
    return { busyShare: this.#busyShare, typicalRunMs: this.#typicalRunMs };
  }

  #advance(now: number): void {
    const elapsedMs = Math.max(0, now - this.#since);
    this.#since = now;
    this.#busyShare += (1 - Math.exp(-elapsedMs / MEMORY_MS)) * (this.#share - this.#busyShare);
  }
}
