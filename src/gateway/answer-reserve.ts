/** The share of answers that the reserve is enough for, and how far one observation moves it. */
const QUANTILE = 0.95;
const STEP_MS = 0.05;
const INITIAL_MS = 0.5;

/**
 * The time from the end of inference to the answer that must stay free before a deadline: the running 95 % quantile,
 * followed by steps whose sizes balance at the quantile (stochastic approximation, Robbins and Monro 1951).
 */
export class AnswerReserve {
  #ms = INITIAL_MS;

  get ms(): number {
    return this.#ms;
  }

  observe(spentMs: number): void {
    const step = spentMs > this.#ms ? QUANTILE : QUANTILE - 1;
    this.#ms = Math.max(0, this.#ms + STEP_MS * step);
  }
}
