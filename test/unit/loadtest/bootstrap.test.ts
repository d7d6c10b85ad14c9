import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bootstrapF1Difference } from '../../../loadtest/bootstrap.js';
import { seededRandom } from '../../../loadtest/random.js';
import type { EntityCounts } from '../../../loadtest/score.js';

/** Sentences of ten entities, each of which is found with the given chance. */
function sentences(chance: number, seed: number): EntityCounts[] {
  const random = seededRandom(seed);
  return Array.from({ length: 300 }, () => {
    const correct = Array.from({ length: 10 }, random).filter((value) => value < chance).length;
    return { correct, predicted: 10, gold: 10 };
  });
}

describe('bootstrapF1Difference', () => {
  it('holds a difference apart from zero where the sides differ, and around the truth', () => {
    const { difference, low, high } = bootstrapF1Difference(sentences(0.9, 1), sentences(0.8, 2));

    assert.ok(low > 0.05 && low < difference && difference < high && high < 0.15);
  });

  it('reaches across zero where both sides are alike', () => {
    const { low, high } = bootstrapF1Difference(sentences(0.9, 1), sentences(0.9, 2));

    assert.ok(low < 0 && high > 0);
  });

  it('is exactly zero for a side against itself, and the same for the same seed', () => {
    const side = sentences(0.5, 3);

    assert.deepEqual(bootstrapF1Difference(side, side), { difference: 0, low: 0, high: 0 });
    const again = (seed: number) => bootstrapF1Difference(side, sentences(0.6, 4), { seed });
    assert.deepEqual(again(5), again(5));
    assert.notDeepEqual(again(5), again(6));
  });

  it('refuses sides of different sentences', () => {
    assert.throws(() => bootstrapF1Difference(sentences(0.5, 1), []), /every sentence/);
  });
});
