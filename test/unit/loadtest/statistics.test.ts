import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { median, percentile, spreadOf, tally } from '../../../loadtest/statistics.js';

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it('is the nearest rank of values in any order, and leaves them in theirs', () => {
    assert.equal(percentile(hundred, 50), 50);
    assert.equal(percentile(hundred, 97.5), 98);
    assert.equal(percentile(hundred, 99), 99);
    assert.equal(percentile(hundred, 0), 1);
    assert.equal(percentile(hundred, 100), 100);
    assert.equal(hundred[0], 100);
  });

  it('of one value is that value, of none it is NaN', () => {
    assert.equal(percentile([7], 99), 7);
    assert.ok(Number.isNaN(percentile([], 50)));
  });
});

describe('median', () => {
  it('is the middle of an odd number and the mean of the middle two of an even one', () => {
    assert.equal(median([3, 1, 10]), 3);
    assert.equal(median([4, 1, 10, 2]), 3);
  });
});

describe('spreadOf', () => {
  it('holds median and range, and refuses an empty list', () => {
    assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 });
    assert.throws(() => spreadOf([]));
  });
});

describe('tally', () => {
  it('counts keys, the most frequent first', () => {
    assert.deepEqual(Object.entries(tally(['a', 'b', 'b'])), [
      ['b', 2],
      ['a', 1],
    ]);
  });
});
