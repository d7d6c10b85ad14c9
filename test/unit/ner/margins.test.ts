import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { errorProbabilityAt, LEAST_PROBABILITY } from '../../../src/ner/error-probability.js';
import { smallestMargin } from '../../../src/ner/token-margin.js';
import type { MarginMap } from '../../../src/ner/error-probability.js';

/** What scripts/lab/margins.py says of made-up logits; test/python/test_margin_cases.py holds it to the same file. */
const { cases } = JSON.parse(readFileSync('test/fixtures/margin-cases.json', 'utf8')) as {
  cases: {
    logits: number[][];
    preTokens: number[];
    temperature: number;
    smallestMargin: number;
    map: MarginMap;
    errorProbability: number;
  }[];
};

const rows = (...logits: number[][]): Float32Array => Float32Array.from(logits.flat());

describe('smallestMargin', () => {
  it('is that of the Python side on every shared case', () => {
    assert.ok(cases.length >= 20);
    for (const { logits, preTokens, temperature, smallestMargin: expected } of cases) {
      const found = smallestMargin(Int32Array.from(preTokens), rows(...logits), {
        labelCount: 9,
        temperature,
      });
      assert.ok(Math.abs(found - expected) < 1e-9, `${found}, expected ${expected}`);
    }
  });

  it('is the difference of the two best probabilities of the least sure word', () => {
    // softmax of ln(6), ln(3), ln(1) is .6, .3, .1.
    const unsure = [Math.log(6), Math.log(3), 0];
    const found = smallestMargin(Int32Array.of(0, 1, 2), rows([9, 0, 0], unsure, [0, 9, 0]), {
      labelCount: 3,
      temperature: 1,
    });
    assert.ok(Math.abs(found - 0.3) < 1e-6);
  });

  it('leaves out what goes on with a word', () => {
    const options = { labelCount: 3, temperature: 1 };
    const logits = rows([9, 0, 0], [1, 1, 0]);

    assert.ok(smallestMargin(Int32Array.of(0, 0), logits, options) > 0.99);
    assert.equal(smallestMargin(Int32Array.of(0, 1), logits, options), 0);
  });

  it('takes only the tokens that there are logits of', () => {
    const options = { labelCount: 3, temperature: 1 };
    assert.ok(smallestMargin(Int32Array.of(0, 1, 2), rows([9, 0, 0]), options) > 0.99);
    assert.equal(smallestMargin(Int32Array.of(0, 1), new Float32Array(), options), 1);
  });
});

describe('errorProbabilityAt', () => {
  it('is the map of the Python side on every shared case, but never sure', () => {
    for (const { map, smallestMargin: at, errorProbability } of cases) {
      const sober = Math.min(0.999, Math.max(0.001, errorProbability));
      assert.ok(Math.abs(errorProbabilityAt(map, at) - sober) < 1e-9);
    }
    assert.ok(cases.some(({ errorProbability }) => errorProbability === 0));
    assert.ok(cases.some(({ errorProbability }) => errorProbability === 1));
  });

  it('is linear between the knots and constant beyond them', () => {
    const map = { margin: [0.2, 0.4, 0.8], errorProbability: [0.9, 0.5, 0.1] };
    const found = [0, 0.2, 0.3, 0.4, 0.6, 0.8, 1].map((at) => errorProbabilityAt(map, at));
    [0.9, 0.9, 0.7, 0.5, 0.3, 0.1, 0.1].forEach((expected, index) =>
      assert.ok(Math.abs(found[index]! - expected) < 1e-12, `${found[index]}`),
    );
  });

  it('takes an end of 0 or 1 for nearly sure only', () => {
    const map = { margin: [0, 1], errorProbability: [1, 0] };
    assert.equal(errorProbabilityAt(map, 1), LEAST_PROBABILITY);
    assert.equal(errorProbabilityAt(map, 0), 1 - LEAST_PROBABILITY);
  });

  it('takes a map of one knot as a constant', () => {
    const map = { margin: [0.5], errorProbability: [0.2] };
    assert.deepEqual(
      [0, 0.5, 1].map((at) => errorProbabilityAt(map, at)),
      [0.2, 0.2, 0.2],
    );
  });
});
