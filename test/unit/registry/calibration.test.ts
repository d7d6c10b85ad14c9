import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { calibrationSchema } from '../../../src/registry/calibration.js';
import { cardSchema, manifestSchema } from '../../../src/registry/card.js';
import { calibrationOf, cardOf } from '../../support/cards.js';

const good = calibrationOf(1.5);

function problemsOf(change: Record<string, unknown>): string {
  const parsed = calibrationSchema.safeParse({ ...good, ...change });
  return parsed.success ? '' : parsed.error.issues.map(({ message }) => message).join('; ');
}

describe('calibrationSchema', () => {
  it('takes what scripts.calibrate writes, and a map of one knot', () => {
    assert.equal(problemsOf({}), '');
    assert.equal(problemsOf({ marginToError: { margin: [0.5], errorProbability: [0] } }), '');
  });

  for (const { because, margin, errorProbability, message } of [
    {
      because: 'has more margins than probabilities',
      margin: [0, 0.5, 1],
      errorProbability: [0.5, 0.1],
      message: /3 margins for 2 probabilities/,
    },
    {
      because: 'has the same margin twice',
      margin: [0, 0.5, 0.5],
      errorProbability: [0.5, 0.2, 0.1],
      message: /margins that increase/,
    },
    {
      because: 'says that a surer answer is wrong more often',
      margin: [0, 0.5, 1],
      errorProbability: [0.5, 0.1, 0.2],
      message: /probabilities that do not increase/,
    },
    {
      because: 'has a probability over 1',
      margin: [0, 1],
      errorProbability: [1.2, 0],
      message: /<=1/,
    },
    { because: 'is empty', margin: [], errorProbability: [], message: />=1/ },
  ]) {
    it(`refuses a map that ${because}`, () => {
      assert.match(problemsOf({ marginToError: { margin, errorProbability } }), message);
    });
  }

  for (const temperature of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`refuses a temperature of ${temperature}`, () => {
      assert.notEqual(problemsOf({ temperature }), '');
    });
  }

  it('refuses a field that it does not know, such as the reliability curves', () => {
    assert.match(problemsOf({ reliability: {} }), /reliability/);
  });
});

describe('cardSchema', () => {
  it('takes a card without calibration, and the cards of models/', () => {
    assert.ok(cardSchema.safeParse(cardOf('old', 0.9)).success);
    assert.ok(cardSchema.safeParse({ ...cardOf('new', 0.9), calibration: good }).success);
    const manifest = manifestSchema.parse(JSON.parse(readFileSync('models/manifest.json', 'utf8')));
    for (const name of manifest.variants) {
      const card: unknown = JSON.parse(readFileSync(`models/${name}/card.json`, 'utf8'));
      assert.equal(cardSchema.parse(card).name, name);
    }
  });
});
