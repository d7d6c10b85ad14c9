import { ArrivalWindow } from './arrival-window.js';
import { BatchSaving } from './batch-saving.js';
import type { Outlook } from './feasibility.js';
import type { LatencyModel } from './latency-model.js';
import type { LiveTask } from './live-task.js';
import type { Mechanisms } from './mechanisms.js';
import { NO_PATIENCE_KNOWN, type Patience } from './patience.js';

const REFRESH_MS = 10;
/** Above this, queueing makes tight budgets miss although the mean demand still fits. */
const TARGET_UTILIZATION = 0.9;
/**
 * A dearer variant makes the queue longer and so the batches larger: while they save little yet, they will save more than
 * those that the present price brought about. Without the floor too much is expected at saturation, where they are as large
 * as they get (docs/decisions.md).
 */
const EXPECTED_SAVING = { power: 2, floor: 0.5 };
/** What waits or runs now is to be worked off within this time, or by its deadline if that is later. */
const HORIZON_MS = 40;
/** Quality per worker-ms: below the first a second of work buys less than .001, above the last .01 ms costs .1. */
const LOWEST_PRICE = 1e-6;
const HIGHEST_PRICE = 10;
/** The price is found to within 0.4 %. */
const BISECTIONS = 12;

/** The one knob of load: quality per worker-ms, 0 while the recent arrivals could all have their best variant. */
export class TimePrice {
  readonly arrivals = new ArrivalWindow();
  readonly saving = new BatchSaving();
  readonly #mechanisms: Pick<Mechanisms, 'priceOfTime' | 'patience'>;
  #price = 0;
  #refreshAt = -Infinity;
  #patience: Patience = NO_PATIENCE_KNOWN;

  constructor(mechanisms: Pick<Mechanisms, 'priceOfTime' | 'patience'>) {
    this.#mechanisms = mechanisms;
  }

  get value(): number {
    return this.#price;
  }

  /** Of the recent arrivals, as of the last refresh. */
  get patience(): Patience {
    return this.#patience;
  }

  reset(): void {
    this.arrivals.clear();
    this.saving.reset();
    this.#price = 0;
    this.#refreshAt = -Infinity;
  }

  record(live: LiveTask, model: LatencyModel): void {
    this.arrivals.record(live, model);
  }

  isDue(now: number): boolean {
    return now >= this.#refreshAt;
  }

  refresh(outlook: Outlook): void {
    const { now, workers } = outlook;
    this.#refreshAt = now + REFRESH_MS;
    if (this.#mechanisms.patience) this.#patience = this.arrivals.patience(now);
    if (!this.#mechanisms.priceOfTime) return;
    const share = expectedShare(this.saving.share);
    const capacity = (TARGET_UTILIZATION * workers.workers - backlogRate(outlook, share)) / share;
    this.#price = this.#smallestPriceFor(capacity, now);
  }

  #smallestPriceFor(capacity: number, now: number): number {
    if (this.arrivals.demandAt(0, now) <= capacity) return 0;
    if (this.arrivals.demandAt(HIGHEST_PRICE, now) > capacity) return HIGHEST_PRICE;
    let low = Math.log(LOWEST_PRICE);
    let high = Math.log(HIGHEST_PRICE);
    for (let i = 0; i < BISECTIONS; i += 1) {
      const middle = (low + high) / 2;
      if (this.arrivals.demandAt(Math.exp(middle), now) > capacity) low = middle;
      else high = middle;
    }
    return Math.exp(high);
  }
}

/** What batches will cost of their windows' cost one by one at a lower price, given what they cost now. */
function expectedShare(share: number): number {
  return Math.min(share, Math.max(share ** EXPECTED_SAVING.power, EXPECTED_SAVING.floor));
}

/** Worker-ms per ms that what waits, batched, and what runs needs, spread over the horizon or over its own slack. */
function backlogRate({ now, backlog, workers, model }: Outlook, batchShare: number): number {
  let rate = 0;
  for (const ms of workers.remaining) rate += Math.min(1, ms / HORIZON_MS);
  backlog.some((live) => {
    rate += (batchShare * live.workMs * model.slowdown) / Math.max(HORIZON_MS, live.dueAt - now);
    // More than everything is enough to know that the price is the highest.
    return rate > workers.workers;
  });
  return rate;
}
