import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitPower, studentT975, upperHalf } from '../../../loadtest/power-fit.js';
import { seededRandom } from '../../../loadtest/random.js';

const powersOfTwo = [8, 16, 32, 64, 128, 256];

describe('fitPower', () => {
  it('finds exponent and factor of an exact power law, with an interval of no width', () => {
    const fit = fitPower(powersOfTwo.map((x) => ({ x, y: 3 * x ** -1.5 })))!;

    assert.ok(Math.abs(fit.exponent + 1.5) < 1e-9 && Math.abs(fit.factor - 3) < 1e-9);
    assert.ok(fit.high - fit.low < 1e-6);
    assert.ok(Math.abs(fit.rSquared - 1) < 1e-9);
    assert.deepEqual([fit.from, fit.to, fit.points], [8, 256, 6]);
  });

  it('agrees with the textbook formulas on a line with scatter', () => {
    // log x = 0, 1, 2 and log y = 0, 1, 1: slope 1/2, residual sum 1/6, one degree of freedom.
    const e = Math.E;
    const fit = fitPower([
      { x: 1, y: 1 },
      { x: e, y: e },
      { x: e * e, y: e },
    ])!;

    const halfWidth = 12.7062 * Math.sqrt(1 / 6 / 2);
    assert.ok(Math.abs(fit.exponent - 0.5) < 1e-9);
    assert.ok(Math.abs(fit.high - fit.low - 2 * halfWidth) < 1e-3);
    assert.ok(Math.abs(fit.rSquared - 0.75) < 1e-9);
  });

  it('has an interval that holds the truth in about 95 of 100 cases', () => {
    const random = seededRandom(7);
    // The sum of twelve uniform numbers is close to a normal one.
    const noise = () => Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6);
    let held = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const fit = fitPower(powersOfTwo.map((x) => ({ x, y: 2 * x * Math.exp(0.1 * noise()) })))!;
      if (fit.low < 1 && 1 < fit.high) held++;
    }

    assert.ok(held > 930 && held < 970, `${held} of 1000`);
  });

  it('leaves out what has no logarithm, and gives none where too little remains', () => {
    const points = [
      { x: 1, y: 2 },
      { x: 2, y: 4 },
      { x: 4, y: 8 },
      { x: 8, y: 0 },
      { x: 16, y: NaN },
    ];

    const fit = fitPower(points)!;
    assert.deepEqual([fit.to, fit.points, Math.round(fit.exponent)], [4, 3, 1]);
    assert.equal(fitPower(points.slice(2)), null);
    assert.equal(fitPower([1, 2, 3].map((y) => ({ x: 5, y }))), null);
  });

  it('calls a constant explained: exponent 0', () => {
    const fit = fitPower(powersOfTwo.map((x) => ({ x, y: 7 })))!;

    assert.ok(Math.abs(fit.exponent) < 1e-12 && fit.rSquared === 1);
  });
});

describe('upperHalf', () => {
  it('begins at the middle on a scale of logarithms', () => {
    const points = [8, 64, 512, 4096].map((x) => ({ x, y: 1 }));

    assert.deepEqual(
      upperHalf(points).map(({ x }) => x),
      [512, 4096],
    );
  });
});

describe('studentT975', () => {
  const published: [number, number][] = [
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [10, 2.228],
    [30, 2.042],
  ];
  for (const [freedom, value] of published) {
    it(`is that of the tables for ${freedom} degrees of freedom, within 1 %`, () => {
      assert.ok(Math.abs(studentT975(freedom) / value - 1) < 0.01);
    });
  }
});
