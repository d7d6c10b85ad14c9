import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { armOf } from '../../../src/experiments/assignment.js';

const weights = fc
  .array(
    fc.oneof(
      fc.constant(0),
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 1e-3, max: 1, noNaN: true }),
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .filter((values) => values.some((value) => value > 0));
const share = fc.double({ min: 0, max: 1, noNaN: true });
const unit = fc.string({ unit: 'binary', maxLength: 20 });
const seed = fc.oneof(fc.string(), fc.integer());

function experimentOf(weightsOf: readonly number[], shareOf: number, seedOf: string | number) {
  const arms = weightsOf.map((weight, index) => ({
    name: `arm-${index}`,
    variant: 'full',
    weight,
  }));
  return { name: 'compare', arms, share: shareOf, seed: seedOf };
}

test('a unit gets an arm that has weight, and always the same', () => {
  fc.assert(
    fc.property(weights, seed, unit, (weightsOf, seedOf, unitOf) => {
      const experiment = experimentOf(weightsOf, 1, seedOf);

      const arm = armOf(experiment, unitOf);

      assert.ok(arm !== null && arm.weight > 0);
      assert.equal(armOf(experimentOf(weightsOf, 1, seedOf), unitOf)?.name, arm.name);
    }),
    { numRuns: 500 },
  );
});

test('a unit that takes part takes part in the same arm at every larger share', () => {
  fc.assert(
    fc.property(weights, share, share, seed, unit, (weightsOf, one, other, seedOf, unitOf) => {
      const small = armOf(experimentOf(weightsOf, Math.min(one, other), seedOf), unitOf);
      const large = armOf(experimentOf(weightsOf, Math.max(one, other), seedOf), unitOf);

      if (small !== null) assert.equal(large?.name, small.name);
    }),
    { numRuns: 500 },
  );
});
