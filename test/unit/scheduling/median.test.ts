import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median } from '../../../src/scheduling/median.js';

test('median is the middle, or the mean of the two in the middle, and leaves the values as they are', () => {
  const values = [9, 1, 5];
  assert.equal(median(values), 5);
  assert.deepEqual(values, [9, 1, 5]);
  assert.equal(median([4, 1, 10, 2]), 3);
  assert.ok(Number.isNaN(median([])));
});
