import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitProfile, runTimeMs } from '../../../src/scheduling/latency-profile.js';
import { seededRandom } from '../../../loadtest/random.js';

const grid = [1, 2, 4, 8].flatMap((jobs) => [8, 32, 64, 128].map((length) => ({ jobs, length })));

test('fitProfile finds the coefficients of exact samples', () => {
  const truth = { a: 0.4, b: 0.02, c: 0.00005 };

  const fitted = fitProfile(
    grid.map((at) => ({ ...at, ms: runTimeMs(truth, at.jobs, at.length) })),
  );

  assert.ok(Math.abs(fitted.a - truth.a) < 1e-6);
  assert.ok(Math.abs(fitted.b - truth.b) < 1e-8);
  assert.ok(Math.abs(fitted.c - truth.c) < 1e-10);
});

test('fitProfile predicts short and long runs equally well under 5 % noise', () => {
  const random = seededRandom(3);
  const truth = { a: 0.5, b: 0.05, c: 0.0001 };

  const fitted = fitProfile(
    grid.map((at) => ({
      ...at,
      ms: runTimeMs(truth, at.jobs, at.length) * (0.95 + 0.1 * random()),
    })),
  );

  for (const { jobs, length } of grid) {
    const ratio = runTimeMs(fitted, jobs, length) / runTimeMs(truth, jobs, length);
    assert.ok(ratio > 0.94 && ratio < 1.06, `${jobs}x${length}: ${ratio}`);
  }
});

test('fitProfile keeps every coefficient non-negative where the samples bend the other way', () => {
  const samples = [
    { jobs: 1, length: 10, ms: 2 },
    { jobs: 1, length: 100, ms: 3 },
    { jobs: 1, length: 200, ms: 3.2 },
    { jobs: 4, length: 200, ms: 9 },
  ];

  const { a, b, c } = fitProfile(samples);

  assert.ok(a >= 0 && b >= 0 && c >= 0);
  assert.ok(a + b + c > 0);
});

test('fitProfile explains a single sample', () => {
  const fitted = fitProfile([{ jobs: 1, length: 64, ms: 2 }]);

  assert.ok(Math.abs(runTimeMs(fitted, 1, 64) - 2) < 1e-9);
});

test('fitProfile refuses samples without a positive time', () => {
  assert.throws(() => fitProfile([]), RangeError);
  assert.throws(() => fitProfile([{ jobs: 1, length: 8, ms: Number.NaN }]), RangeError);
});
