import type { RoutingPlan } from './routing-plan.js';

interface Waiter {
  readonly isOver: () => boolean;
  readonly resolve: () => void;
}

/** The requests that were accepted and are not answered yet, by the variants that may answer them. */
export class RequestsInFlight {
  readonly #plans = new Set<RoutingPlan>();
  #waiters: readonly Waiter[] = [];

  get size(): number {
    return this.#plans.size;
  }

  add(plan: RoutingPlan): void {
    this.#plans.add(plan);
  }

  delete(plan: RoutingPlan): void {
    this.#plans.delete(plan);
    if (this.#waiters.length === 0) return;
    const over = this.#waiters.filter(({ isOver }) => isOver());
    this.#waiters = this.#waiters.filter((waiter) => !over.includes(waiter));
    for (const { resolve } of over) resolve();
  }

  /** Resolves when no request is left. */
  whenNone(): Promise<void> {
    return this.#when(() => this.#plans.size === 0);
  }

  /** Resolves when no request is left that this variant may answer. */
  whenNoneAllows(name: string): Promise<void> {
    return this.#when(() => {
      for (const { allowed } of this.#plans) {
        if (allowed.some((variant) => variant.name === name)) return false;
      }
      return true;
    });
  }

  #when(isOver: () => boolean): Promise<void> {
    if (isOver()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters = [...this.#waiters, { isOver, resolve }];
    });
  }
}
