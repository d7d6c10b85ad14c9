export interface Point {
  x: number;
  y: number;
}

/** y is about factor * x^exponent. */
export interface PowerFit {
  exponent: number;
  /** The 95 % interval of the exponent. */
  low: number;
  high: number;
  factor: number;
  /** Of the logarithms: the share of the scatter of log y that the line explains. */
  rSquared: number;
  from: number;
  to: number;
  points: number;
}

/**
 * Least squares on the logarithms, with the interval of Student's t. Points that have no logarithm are left out; null
 * where fewer than three remain, or all at one x.
 */
export function fitPower(all: readonly Point[]): PowerFit | null {
  const points = all.filter(({ x, y }) => x > 0 && y > 0 && Number.isFinite(y));
  if (points.length < 3) return null;
  const xs = points.map(({ x }) => Math.log(x));
  const ys = points.map(({ y }) => Math.log(y));
  const meanX = mean(xs);
  const meanY = mean(ys);
  const sumXX = sum(xs.map((x) => (x - meanX) ** 2));
  if (sumXX === 0) return null;
  const exponent = sum(xs.map((x, index) => (x - meanX) * (ys[index]! - meanY))) / sumXX;
  const offset = meanY - exponent * meanX;
  const rest = sum(xs.map((x, index) => (ys[index]! - offset - exponent * x) ** 2));
  const total = sum(ys.map((y) => (y - meanY) ** 2));
  const freedom = points.length - 2;
  const halfWidth = studentT975(freedom) * Math.sqrt(rest / freedom / sumXX);
  return {
    exponent,
    low: exponent - halfWidth,
    high: exponent + halfWidth,
    factor: Math.exp(offset),
    rSquared: total === 0 ? 1 : 1 - rest / total,
    from: Math.min(...points.map(({ x }) => x)),
    to: Math.max(...points.map(({ x }) => x)),
    points: points.length,
  };
}

/** The points from the middle of the range on, on a scale of logarithms: where fixed costs count for less. */
export function upperHalf(points: readonly Point[]): Point[] {
  const xs = points.map(({ x }) => x);
  const middle = Math.sqrt(Math.min(...xs) * Math.max(...xs));
  return points.filter(({ x }) => x >= middle);
}

/**
 * The 97.5 % quantile of Student's t: exact for one and two degrees of freedom, else the expansion of Abramowitz and
 * Stegun, 26.7.5, which is within 1 % from three on.
 */
export function studentT975(freedom: number): number {
  if (freedom === 1) return Math.tan(Math.PI * 0.475);
  if (freedom === 2) return 0.95 * Math.sqrt(2 / (4 * 0.975 * 0.025));
  const z = 1.959963985;
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return sum(terms.map((term, power) => term / freedom ** power));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
