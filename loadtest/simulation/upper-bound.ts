import type { SchedulableVariant } from '../../src/scheduling/task.js';
import { chargesOf, type ChargeTerms } from './request-charges.js';
import type { Workload } from './workload.js';

export interface BoundedHost extends ChargeTerms {
  /** With the profiles of bare runs. */
  readonly variants: readonly SchedulableVariant[];
  readonly workers: number;
}

/** Longer than most budgets, so that few requests can choose between windows; shorter than any change of the load. */
const WINDOW_MS = 250;
const ROUNDS = 3;
const PRICES = { lowest: 1e-7, highest: 100 };
const BISECTIONS = 18;

/**
 * No schedule has a higher effective F1 than this: not one that knows all arrivals and run times beforehand, nor one that
 * may split requests.
 *
 * Why. Take any schedule and call A the requests that it answers in time, f(i) the F1 of the variant that answers i, g(i)
 * the entities of i and G those of all requests. Its effective F1 (`AnswerTally`) is 2 sum_A f g / (sum_A g + G), which is
 * at most t exactly if sum_A g (2 f - t) <= t G. (1)
 * Let w(i) be the charge of i (`chargesOf`). Cut time into windows and spread each charge over the run that it is for: a
 * run that is in time lies between the arrival and the deadline of i, so in the windows that this span touches, and no
 * window of a length l has more than workers x l to give. So for any prices p(window) >= 0
 *   sum_A g (2 f - t) <= sum_A [ g (2 f - t) - w x least p over the span ] + sum_windows p x workers x l
 *                     <= sum_all max(0, best variant of [ ... ]) + sum_windows p x workers x l = D(p, t),
 * which is weak duality of the relaxation where requests are divided among variants and windows. With (1), every t with
 * D(p, t) <= t G is a bound, whatever the prices are. D falls with t, so the least such t is found by Newton's method;
 * the prices are chosen well, which needs no proof: in each window the one at which demand meets capacity.
 */
export function upperBoundF1(workload: Workload, host: BoundedHost): number {
  const dual = new Dual(workload, host);
  let bound = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const prices = dual.clearingPrices(bound);
    bound = Math.min(bound, dual.leastBound(prices));
  }
  return bound;
}

class Dual {
  readonly #size: number;
  readonly #entities: Float64Array;
  readonly #allEntities: number;
  readonly #quality: readonly number[];
  /** By variant, then by request. */
  readonly #charges: readonly Float64Array[];
  readonly #firstWindow: Uint32Array;
  readonly #lastWindow: Uint32Array;
  readonly #windows: number;
  readonly #windowCapacityMs: number;

  constructor(workload: Workload, host: BoundedHost) {
    const { size, entities, arrivalAt, budgetMs } = workload;
    this.#size = size;
    this.#entities = entities;
    this.#allEntities = entities.reduce((sum, count) => sum + count, 0);
    this.#quality = host.variants.map(({ quality }) => quality);
    this.#charges = host.variants.map((variant) => chargesOf(variant, workload, host));
    this.#firstWindow = new Uint32Array(size);
    this.#lastWindow = new Uint32Array(size);
    let last = 0;
    for (let i = 0; i < size; i += 1) {
      this.#firstWindow[i] = Math.floor(arrivalAt[i]! / WINDOW_MS);
      this.#lastWindow[i] = Math.floor((arrivalAt[i]! + budgetMs[i]!) / WINDOW_MS);
      last = Math.max(last, this.#lastWindow[i]!);
    }
    this.#windows = last + 1;
    this.#windowCapacityMs = host.workers * WINDOW_MS;
  }

  /** In each window the least price at which those that arrive there want no more than it has. */
  clearingPrices(t: number): Float64Array {
    const prices = new Float64Array(this.#windows);
    let from = 0;
    for (let window = 0; window < this.#windows; window += 1) {
      let until = from;
      while (until < this.#size && this.#firstWindow[until] === window) until += 1;
      prices[window] = this.#clearingPrice(t, { from, until });
      from = until;
    }
    return prices;
  }

  #clearingPrice(t: number, requests: { from: number; until: number }): number {
    const isEnough = (price: number): boolean => {
      let demandMs = 0;
      for (let i = requests.from; i < requests.until; i += 1) {
        const { variant } = this.#best(i, t, price);
        if (variant >= 0) demandMs += this.#charges[variant]![i]!;
      }
      return demandMs <= this.#windowCapacityMs;
    };
    if (isEnough(0)) return 0;
    let low = Math.log(PRICES.lowest);
    let high = Math.log(PRICES.highest);
    for (let step = 0; step < BISECTIONS; step += 1) {
      const middle = (low + high) / 2;
      if (isEnough(Math.exp(middle))) high = middle;
      else low = middle;
    }
    return Math.exp(high);
  }

  /** The least t with D(prices, t) <= t G. */
  leastBound(prices: Float64Array): number {
    let t = 0;
    for (;;) {
      const { excess, slope } = this.#excessAt(prices, t);
      // D - t G is convex and falls: Newton's steps come from the left and end at the root.
      const next = t + excess / slope;
      if (next <= t + 1e-9) return Math.min(1, next + 1e-9);
      t = next;
    }
  }

  /** D(prices, t) - t G, and how fast it falls with t. */
  #excessAt(prices: Float64Array, t: number): { excess: number; slope: number } {
    let excess = -t * this.#allEntities;
    let slope = this.#allEntities;
    for (const price of prices) excess += price * this.#windowCapacityMs;
    for (let i = 0; i < this.#size; i += 1) {
      let price = prices[this.#firstWindow[i]!]!;
      for (let window = this.#firstWindow[i]! + 1; window <= this.#lastWindow[i]!; window += 1) {
        price = Math.min(price, prices[window]!);
      }
      const { variant, value } = this.#best(i, t, price);
      if (variant < 0) continue;
      excess += value;
      slope += this.#entities[i]!;
    }
    return { excess, slope };
  }

  /** What answering this request is worth at most at this price, and by which variant; -1 where it is worth nothing. */
  #best(i: number, t: number, price: number): { variant: number; value: number } {
    const entities = this.#entities[i]!;
    let variant = -1;
    let value = 0;
    for (let v = 0; v < this.#quality.length; v += 1) {
      const chargeMs = this.#charges[v]![i]!;
      // Infinity x 0 is not a number: what cannot be in time is worth nothing at any price.
      if (chargeMs === Infinity) continue;
      const worth = entities * (2 * this.#quality[v]! - t) - chargeMs * price;
      if (worth > value) {
        value = worth;
        variant = v;
      }
    }
    return { variant, value };
  }
}
