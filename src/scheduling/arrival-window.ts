import type { LatencyModel } from './latency-model.js';
import type { LiveTask } from './live-task.js';
import { Patience } from './patience.js';

/** Arrivals kept: at 1,000/s they span the window, at more they still tell the rate to some 6 %. */
const MAX_ARRIVALS = 256;
/** Arrivals count for so long at least, and for as long as their budget (up to a second) lets their work spread. */
const WINDOW_MS = 300;
const MAX_SPREAD_MS = 1000;
/** How long a short budget is remembered as one that may come again. */
const PATIENCE_MEMORY_MS = 1000;

interface Arrival {
  readonly at: number;
  readonly spreadMs: number;
  /** What is left of its budget after its fastest run: so long it may wait for a worker. */
  readonly patienceMs: number;
  /** The variants that would fit its budget on an idle host, best first. */
  readonly qualities: readonly number[];
  readonly costs: readonly number[];
}

/** Recent arrivals with what each variant would cost them: the demand at any price, and how long they could wait. */
export class ArrivalWindow {
  readonly #ring: Arrival[] = [];
  #next = 0;

  clear(): void {
    this.#ring.length = 0;
    this.#next = 0;
  }

  /** What not even an idle host could answer in time claims nothing: it is not recorded. */
  record(live: LiveTask, model: LatencyModel): void {
    const { arrivalAt } = live.task;
    const budgetMs = live.dueAt - arrivalAt;
    const fastestMs = live.longestMs * model.slowdown * model.p95Factor(live.planned);
    if (fastestMs > budgetMs) return;
    const parallel = live.pendingJobs > 1;
    const qualities: number[] = [];
    const costs: number[] = [];
    for (const variant of live.variants) {
      const unitMs = variant === live.planned ? live.workMs : live.unitMs(variant);
      const costMs = unitMs * model.slowdown;
      // Windows of one text run side by side, so only a single one says for sure that it does not fit.
      const fits = parallel || costMs * model.p95Factor(variant) <= budgetMs;
      const dominated = costs.length > 0 && costMs >= costs.at(-1)!;
      if ((fits && !dominated) || (costs.length === 0 && variant === live.planned)) {
        qualities.push(variant.quality);
        costs.push(costMs);
      }
    }
    const { heldQuality } = live.task;
    if (heldQuality !== undefined) {
      // Not to run is its cheapest choice, and no answer is missed by it.
      qualities.push(heldQuality);
      costs.push(0);
    }
    this.#ring[this.#next] = {
      at: arrivalAt,
      spreadMs: Math.min(MAX_SPREAD_MS, Math.max(WINDOW_MS, budgetMs)),
      patienceMs: heldQuality === undefined ? budgetMs - fastestMs : Infinity,
      qualities,
      costs,
    };
    this.#next = (this.#next + 1) % MAX_ARRIVALS;
  }

  /** Worker-ms per ms that the recent arrivals ask for, each taking the variant of highest quality - price * time. */
  demandAt(price: number, now: number): number {
    const seenMs = this.#seenMs(now);
    let demand = 0;
    for (const { at, spreadMs, qualities, costs } of this.#ring) {
      const life = spreadMs < seenMs ? spreadMs : seenMs;
      if (now - at > life) continue;
      let bestValue = -Infinity;
      let chosen = 0;
      for (let i = 0; i < costs.length; i += 1) {
        const value = qualities[i]! - price * costs[i]!;
        if (value > bestValue) {
          bestValue = value;
          chosen = costs[i]!;
        }
      }
      demand += chosen / life;
    }
    return demand;
  }

  /** How long the recent arrivals could have waited for a worker. */
  patience(now: number): Patience {
    const memoryMs = Math.min(PATIENCE_MEMORY_MS, this.#seenMs(now));
    const recent = this.#ring.filter(({ at }) => now - at <= memoryMs);
    return new Patience(
      recent.map(({ patienceMs }) => patienceMs),
      memoryMs,
    );
  }

  /** How far back the ring reaches; when full it may be less than the window. */
  #seenMs(now: number): number {
    if (this.#ring.length < MAX_ARRIVALS) return Infinity;
    return Math.max(1, now - this.#ring[this.#next]!.at);
  }
}
