import { randomInteger, seededRandom } from './random.js';
import { addCounts, f1Of, noCounts, totalCounts, type EntityCounts } from './score.js';

export interface Interval {
  difference: number;
  low: number;
  high: number;
}

interface BootstrapOptions {
  resamples?: number;
  seed?: number;
}

/**
 * F1 of `a` less F1 of `b` with its 95 % interval. Both hold one entry per sentence; whole sentences are drawn again, the
 * same ones for both, since entities of a sentence are right or wrong together.
 */
export function bootstrapF1Difference(
  a: readonly EntityCounts[],
  b: readonly EntityCounts[],
  { resamples = 2000, seed = 1 }: BootstrapOptions = {},
): Interval {
  if (a.length !== b.length) throw new Error('both sides need an entry for every sentence');
  const random = seededRandom(seed);
  const differences = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    const sumA = noCounts();
    const sumB = noCounts();
    for (let draw = 0; draw < a.length; draw++) {
      const sentence = randomInteger(random, 0, a.length - 1);
      addCounts(sumA, a[sentence]!);
      addCounts(sumB, b[sentence]!);
    }
    differences[resample] = f1Of(sumA) - f1Of(sumB);
  }
  differences.sort();
  return {
    difference: f1Of(totalCounts(a)) - f1Of(totalCounts(b)),
    low: differences[Math.floor(0.025 * (resamples - 1))]!,
    high: differences[Math.ceil(0.975 * (resamples - 1))]!,
  };
}
