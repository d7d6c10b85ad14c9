/** The share of answers that the reserve is enough for, and how far one observation moves it. */
const QUANTILE = 0.95;
const STEP_MS = 0.05;
const INITIAL_MS = 0.5;
/** Share of a difference that one answer corrects of the usual dispatch. */
const DISPATCH_GAIN = 0.05;

/**
 * What must stay free before a deadline beside the predicted run: the time from the end of inference to the answer, and
 * what the way to the worker and back took beyond the usual, which predictions hold. The running 95 % quantile of their sum,
 * followed by steps whose sizes balance at the quantile (stochastic approximation, Robbins and Monro 1951).
 */
export class AnswerReserve {
  #ms = INITIAL_MS;
  #usualDispatchMs = 0;

  get ms(): number {
    return this.#ms;
  }

  /** `spentMs` after the inference; `dispatchMs` in it, beside the model's run. */
  observe(spentMs: number, dispatchMs = 0): void {
    const extraMs = Math.max(0, dispatchMs - this.#usualDispatchMs);
    this.#usualDispatchMs += DISPATCH_GAIN * (dispatchMs - this.#usualDispatchMs);
    const step = spentMs + extraMs > this.#ms ? QUANTILE : QUANTILE - 1;
    this.#ms = Math.max(0, this.#ms + STEP_MS * step);
  }
}
