import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { packBatch, unpackLogits } from '../../../src/runtime/tensors.js';

const batch = {
  variant: 'any',
  lengths: Int32Array.of(3, 5),
  ids: Int32Array.of(101, 7, 102, 101, 8, 9, 10, 102),
  caseTypes: Uint8Array.of(0, 1, 0, 0, 2, 3, 4, 0),
};

describe('packBatch', () => {
  it('pads the shorter job with the padding id and masks it', () => {
    const packed = packBatch(batch, 55);

    assert.deepEqual(packed.dims, [2, 5]);
    assert.deepEqual([...packed.ids].map(Number), [101, 7, 102, 55, 55, 101, 8, 9, 10, 102]);
    assert.deepEqual([...packed.mask].map(Number), [1, 1, 1, 0, 0, 1, 1, 1, 1, 1]);
    assert.deepEqual([...packed.caseTypes].map(Number), [0, 1, 0, 0, 0, 0, 2, 3, 4, 0]);
  });
});

describe('unpackLogits', () => {
  it('drops padding and the special tokens at both ends', () => {
    const labels = 2;
    const padded = Float32Array.from({ length: 2 * 5 * labels }, (_, i) => i);

    const compact = unpackLogits(padded, batch.lengths, labels);

    assert.deepEqual([...compact], [2, 3, 12, 13, 14, 15, 16, 17]);
  });

  it('gives back as many rows as there are real tokens, for any lengths', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 2, max: 12 }),
        (list, labels) => {
          const lengths = Int32Array.from(list);
          const padded = new Float32Array(list.length * Math.max(...list) * labels);
          const real = list.reduce((sum, length) => sum + length - 2, 0);
          assert.equal(unpackLogits(padded, lengths, labels).length, real * labels);
        },
      ),
    );
  });
});
