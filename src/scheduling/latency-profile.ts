import type { LatencyProfile } from './task.js';

/** One measured run of `jobs` windows, each padded to `length` tokens. */
export interface LatencySample {
  readonly jobs: number;
  readonly length: number;
  readonly ms: number;
}

/** Predicted run time in ms of `jobs` windows padded to `length` tokens, on an undisturbed host. */
export function runTimeMs(profile: LatencyProfile, jobs: number, length: number): number {
  const tokens = jobs * length;
  return profile.a + profile.b * tokens + profile.c * tokens * length;
}

type Triple = [number, number, number];

/**
 * Least squares of the relative error, coefficients never negative, which keeps predictions growing with the work.
 * Needs at least one sample with a positive time; throws RangeError otherwise.
 */
export function fitProfile(samples: readonly LatencySample[]): LatencyProfile {
  const usable = samples.filter(({ ms }) => Number.isFinite(ms) && ms > 0);
  if (usable.length === 0) throw new RangeError('fitProfile needs a sample with a positive time');
  // Each row is divided by its time, so the target is 1 and a short run counts as much as a long one.
  const rows = usable.map(({ jobs, length, ms }): Triple => {
    const tokens = jobs * length;
    return [1 / ms, tokens / ms, (tokens * length) / ms];
  });

  // Three unknowns: with non-negative ones the best of the seven faces' unconstrained optima is the optimum.
  let best: Triple = [0, 0, 0];
  let bestError = Infinity;
  for (let mask = 1; mask < 8; mask += 1) {
    const active = [0, 1, 2].filter((column) => (mask & (1 << column)) !== 0);
    const solution = solveNormalEquations(rows, active);
    if (solution?.every((value) => value >= 0) !== true) continue;
    const error = squaredError(rows, solution);
    // The larger face wins only by a real margin, so that no coefficient is made of rounding.
    if (error < bestError - 1e-12) {
      best = solution;
      bestError = error;
    }
  }
  return { a: best[0], b: best[1], c: best[2] };
}

function squaredError(rows: readonly Triple[], [a, b, c]: Triple): number {
  let sum = 0;
  for (const row of rows) sum += (row[0] * a + row[1] * b + row[2] * c - 1) ** 2;
  return sum;
}

/** The optimum with all other columns at 0, or null where the samples do not determine it. */
function solveNormalEquations(rows: readonly Triple[], active: readonly number[]): Triple | null {
  const size = active.length;
  // Columns differ by orders of magnitude: scaled to unit length the pivots below are comparable.
  const scale = active.map((column) => Math.hypot(...rows.map((row) => row[column]!)));
  const matrix = active.map((left, i) => [
    ...active.map((right, j) => {
      const products = rows.map((row) => row[left]! * row[right]!);
      return products.reduce((sum, value) => sum + value, 0) / (scale[i]! * scale[j]!);
    }),
    rows.reduce((sum, row) => sum + row[left]!, 0) / scale[i]!,
  ]);
  for (let pivot = 0; pivot < size; pivot += 1) {
    const row = matrix[pivot]!;
    // The matrix is positive definite, so no row exchange is needed, and a tiny pivot means dependence.
    if (row[pivot]! < 1e-10) return null;
    for (let other = 0; other < size; other += 1) {
      if (other === pivot) continue;
      const target = matrix[other]!;
      const factor = target[pivot]! / row[pivot]!;
      for (let column = pivot; column <= size; column += 1) {
        target[column]! -= factor * row[column]!;
      }
    }
  }
  const solution: Triple = [0, 0, 0];
  active.forEach((column, i) => {
    solution[column] = matrix[i]![size]! / matrix[i]![i]! / scale[i]!;
  });
  return solution;
}
