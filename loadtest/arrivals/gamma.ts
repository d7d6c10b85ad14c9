import type { Random } from '../random.js';

/**
 * Gaps between arrivals with mean 1 and the squared coefficient of variation given: 1 is exponential (Poisson arrivals),
 * above 1 arrivals come in bunches, 0 is an even spacing.
 */
export function gapsOf(cv2: number, random: Random): () => number {
  if (cv2 === 0) return () => 1;
  if (cv2 === 1) return () => -Math.log(positive(random));
  return () => cv2 * gamma(1 / cv2, random);
}

/** A gamma variate of scale 1, after Marsaglia and Tsang, "A simple method for generating gamma variables" (2000). */
function gamma(shape: number, random: Random): number {
  // Their method needs a shape of 1 or more; a smaller one follows from that by a power of a uniform variate.
  if (shape < 1) return gamma(shape + 1, random) * positive(random) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(positive(random)) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      return d * v;
    }
  }
}

/** A standard normal variate, after Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(positive(random))) * Math.cos(2 * Math.PI * random());
}

/** In (0, 1], so that its logarithm is finite. */
function positive(random: Random): number {
  return 1 - random();
}
