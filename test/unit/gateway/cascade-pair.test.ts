import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cascadePair, qualityOfFirst } from '../../../src/gateway/cascade-pair.js';
import { activeVariant, calibrationOf } from '../../support/cards.js';
import type { ActiveVariant } from '../../../src/registry/variant-registry.js';

interface Sketch {
  readonly f1: number;
  readonly a?: number;
  readonly b?: number;
  readonly calibrated?: boolean;
}

function variant(name: string, { f1, a = 1, b = 0, calibrated = true }: Sketch): ActiveVariant {
  const plain = activeVariant(name, f1);
  const card = calibrated ? { ...plain.card, calibration: calibrationOf(1) } : plain.card;
  return { ...plain, card, profile: { a, b, c: 0 } };
}

const full = variant('full', { f1: 0.93, a: 8 });
const half = variant('half', { f1: 0.92, a: 2 });
const tiny = variant('tiny', { f1: 0.88, a: 1 });

function pairOf(allowed: readonly ActiveVariant[], windowTokens: readonly number[] = [32]) {
  const pair = cascadePair(allowed, windowTokens);
  return pair && [pair.first.name, pair.better.map(({ name }) => name)];
}

describe('cascadePair', () => {
  it('begins with the cheapest variant and goes on to all that are better', () => {
    assert.deepEqual(pairOf([full, half, tiny]), ['tiny', ['full', 'half']]);
  });

  it('does not begin with a variant whose card tells no error probability', () => {
    const silent = variant('tiny', { f1: 0.88, calibrated: false });
    assert.deepEqual(pairOf([full, half, silent]), ['half', ['full']]);
  });

  it('may go on to a variant whose card tells no error probability', () => {
    const silent = variant('full', { f1: 0.93, a: 8, calibrated: false });
    assert.deepEqual(pairOf([silent, tiny]), ['tiny', ['full']]);
  });

  it('does not begin with a variant that costs no less than a better one', () => {
    const slow = variant('slow', { f1: 0.9, a: 3 });
    const silent = variant('half', { f1: 0.92, a: 2, calibrated: false });
    assert.equal(pairOf([full, silent, slow]), undefined);
  });

  it('takes the one that is the cheapest for this text', () => {
    const short = variant('short', { f1: 0.9, a: 0.5, b: 0.1 });
    const long = variant('long', { f1: 0.89, a: 1, b: 0.01 });
    assert.deepEqual(pairOf([full, short, long], [2]), ['short', ['full']]);
    assert.deepEqual(pairOf([full, short, long], [60]), ['long', ['full', 'short']]);
  });

  it('counts every window', () => {
    const short = variant('short', { f1: 0.9, a: 2, b: 0.01 });
    const long = variant('long', { f1: 0.89, a: 0.5, b: 0.04 });
    assert.equal(pairOf([full, short, long], [60])?.[0], 'short');
    assert.equal(pairOf([full, short, long], [20, 20, 20])?.[0], 'long');
  });

  it('is undefined where one variant is allowed, or all are equally good', () => {
    assert.equal(pairOf([full]), undefined);
    assert.equal(pairOf([variant('a', { f1: 0.9, a: 2 }), variant('b', { f1: 0.9 })]), undefined);
    assert.equal(pairOf([]), undefined);
  });
});

describe('qualityOfFirst', () => {
  const pair = cascadePair([full, half, tiny], [32])!;

  it('is that of the first variant for a text that is as hard as most', () => {
    assert.ok(Math.abs(qualityOfFirst(pair, 1 - 0.88) - 0.88) < 1e-12);
  });

  it('falls from that of the best variant as the answer is more likely wrong', () => {
    assert.equal(qualityOfFirst(pair, 0), 0.93);
    // Of 12 wrong answers in a hundred the best variant repairs 5.
    assert.ok(Math.abs(qualityOfFirst(pair, 1) - (0.93 - 5 / 12)) < 1e-12);
  });
});
