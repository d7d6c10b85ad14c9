/** One run: what the profile says and what it took, ms. */
export interface PredictedRun {
  readonly profileMs: number;
  readonly ms: number;
}

export interface PredictionFit {
  /** Run times over those of the profiles. */
  readonly slowdown: number;
  /** What every run takes beside itself, ms. */
  readonly dispatchMs: number;
}

/**
 * The slowdown and the dispatch with which `slowdown * profileMs + dispatchMs` is nearest to the times, by least squares of the relative
 * error, as the scheduler knows them after a while. Neither is negative. Needs runs of two lengths at least.
 */
export function fitPrediction(runs: readonly PredictedRun[]): PredictionFit {
  let [pp, p1, ones, p, one] = [0, 0, 0, 0, 0];
  for (const { profileMs, ms } of runs) {
    pp += (profileMs / ms) ** 2;
    p1 += profileMs / ms ** 2;
    ones += 1 / ms ** 2;
    p += profileMs / ms;
    one += 1 / ms;
  }
  const determinant = pp * ones - p1 ** 2;
  if (!(determinant > 1e-9 * pp * ones)) throw new RangeError('all runs are of one length');
  const slowdown = (p * ones - one * p1) / determinant;
  const dispatchMs = (one * pp - p * p1) / determinant;
  if (dispatchMs >= 0 && slowdown >= 0) return { slowdown, dispatchMs };
  return dispatchMs < 0
    ? { slowdown: p / pp, dispatchMs: 0 }
    : { slowdown: 0, dispatchMs: one / ones };
}
