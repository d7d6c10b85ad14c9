import type { SchedulableVariant } from '../../src/scheduling/task.js';
import type { Workload } from './workload.js';

export interface ChargeTerms {
  readonly overheadMs: number;
  readonly maxBatchTokens: number;
}

/**
 * Worker-ms that each request takes at least if this variant answers it in time, however it is batched; Infinity where it
 * cannot be in time. Added up over a batch, the charges of those in time are no more than the time that it takes.
 *
 * Why. A batch of k jobs of at most L tokens takes (a + b k L + c k L^2) r + o, with r the mean of its jobs' residuals and
 * o the overhead. Charge each job r(i) a/k + o/k + r(i) (b n(i) + c n(i)^2). Since n(i) <= L and k r is the sum of the
 * r(i), these add up to no more than the batch takes. If i is in time, the batch took no longer than its budget B(i), in
 * which all k jobs count at least n(i) tokens and no residual is below the least of all, so that
 * a r_least + o + b k n(i) r_least <= B(i); and k n(i) <= maxBatchTokens unless k = 1. Both bound k from above by some
 * K(i), and a charge with K(i) in the place of k is no more than one with k.
 */
export function chargesOf(
  { profile: { a, b, c } }: SchedulableVariant,
  { size, tokens, residual, budgetMs }: Workload,
  { overheadMs, maxBatchTokens }: ChargeTerms,
): Float64Array {
  const least = residual.reduce((lowest, ratio) => Math.min(lowest, ratio), Infinity);
  const charges = new Float64Array(size);
  for (let i = 0; i < size; i += 1) {
    const n = tokens[i]!;
    const ratio = residual[i]!;
    const ownMs = ratio * (b * n + c * n * n);
    const roomMs = budgetMs[i]! - a * least - overheadMs;
    if (ownMs > roomMs) {
      charges[i] = Infinity;
      continue;
    }
    const inTime = Math.floor(roomMs / (b * n * least));
    const jobs = Math.max(1, Math.min(Math.floor(maxBatchTokens / n), inTime));
    charges[i] = ownMs + (ratio * a + overheadMs) / jobs;
  }
  return charges;
}
