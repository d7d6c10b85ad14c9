import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rotatedOrder, rotation, startPlace } from '../../../loadtest/rotation.js';

describe('startPlace', () => {
  it('gives every connection its own place, evenly over the corpus', () => {
    const places = Array.from({ length: 16 }, (_, index) => startPlace(index, 16, 740));

    assert.equal(new Set(places).size, 16);
    assert.deepEqual(places.slice(0, 3), [0, 46, 92]);
  });

  it('stays in the corpus when there are more connections than sentences', () => {
    for (let connection = 0; connection < 100; connection++) {
      assert.ok(startPlace(connection, 100, 7) < 7);
    }
  });
});

describe('rotation', () => {
  it('goes on at the beginning after the last sentence', () => {
    const places = rotation(2, 4);

    assert.deepEqual(
      Array.from({ length: 6 }, () => places.next().value),
      [2, 3, 0, 1, 2, 3],
    );
  });
});

describe('rotatedOrder', () => {
  it('puts every item into every place once, then begins again', () => {
    const orders = [0, 1, 2, 3].map((round) => rotatedOrder(['a', 'b', 'c'], round).join(''));

    assert.deepEqual(orders, ['abc', 'bca', 'cab', 'abc']);
  });
});
