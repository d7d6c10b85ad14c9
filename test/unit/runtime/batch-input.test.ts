import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchInput, splitLogits } from '../../../src/runtime/batch-input.js';
import type { EncodedText } from '../../../src/ner/encoded-text.js';

const encoded = {
  ids: Int32Array.of(10, 11, 12, 13),
  caseTypes: Uint8Array.of(1, 2, 3, 4),
} as unknown as EncodedText;
const special = { clsId: 101, sepId: 102 };

describe('batchInput', () => {
  it('puts each window between its special tokens', () => {
    const input = batchInput(
      'full',
      [
        { encoded, window: { start: 0, end: 3 } },
        { encoded, window: { start: 3, end: 4 } },
      ],
      special,
    );

    assert.deepEqual([...input.lengths], [5, 3]);
    assert.deepEqual([...input.ids], [101, 10, 11, 12, 102, 101, 13, 102]);
    assert.deepEqual([...input.caseTypes], [0, 1, 2, 3, 0, 0, 4, 0]);
  });

  it('makes a window of no tokens the two special ones', () => {
    const input = batchInput('full', [{ encoded, window: { start: 0, end: 0 } }], special);
    assert.deepEqual([...input.ids], [101, 102]);
  });
});

describe('splitLogits', () => {
  it('gives every window its own rows', () => {
    const parts = splitLogits(Float32Array.of(1, 2, 3, 4, 5, 6), Int32Array.of(4, 2, 3), 2);
    assert.deepEqual(
      parts.map((part) => [...part]),
      [[1, 2, 3, 4], [], [5, 6]],
    );
  });
});
