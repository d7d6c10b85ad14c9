import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EncodedText } from '../../../src/ner/encoded-text.js';
import { cutWindows, stitchLogits } from '../../../src/ner/windows.js';

/** A text whose pre-tokens have so many tokens. */
function encodedOf(lengths: readonly number[]): EncodedText {
  const preTokens = Int32Array.from(
    lengths.flatMap((length, index) => Array<number>(length).fill(index)),
  );
  const zeros = new Int32Array(preTokens.length);
  const bytes = new Uint8Array(preTokens.length);
  return {
    text: '',
    ids: zeros,
    starts: zeros,
    ends: zeros,
    preTokens,
    caseTypes: bytes,
    subwords: bytes,
  };
}

function windowsOf(lengths: readonly number[], maxTokens: number, overlap: number): number[][] {
  const windows = cutWindows(encodedOf(lengths), { maxTokens, overlap });
  return windows.map(({ start, end }) => [start, end]);
}

describe('cutWindows', () => {
  test('gives one empty window for a text of no token', () => {
    assert.deepEqual(windowsOf([], 8, 2), [[0, 0]]);
  });

  test('gives one window for a text that fits exactly', () => {
    assert.deepEqual(windowsOf([4, 4], 8, 2), [[0, 8]]);
  });

  test('overlaps windows by whole pre-tokens', () => {
    assert.deepEqual(windowsOf([1, 1, 1, 1, 2, 2, 1], 6, 3), [
      [0, 6],
      [3, 9],
    ]);
  });

  test('gives up overlap where the next pre-token needs the room', () => {
    assert.deepEqual(windowsOf([1, 1, 1, 1, 6, 1], 6, 3), [
      [0, 4],
      [4, 10],
      [10, 11],
    ]);
  });

  test('cuts a pre-token only where it is longer than a window', () => {
    assert.deepEqual(windowsOf([2, 9, 2], 4, 1), [
      [0, 2],
      [2, 6],
      [5, 9],
      [8, 11],
      [11, 13],
    ]);
  });
});

describe('stitchLogits', () => {
  test('takes each token from the window in which it is farther from an edge', () => {
    const windows = [
      { start: 0, end: 6 },
      { start: 2, end: 8 },
    ];

    const stitched = stitchLogits(
      windows,
      [new Float32Array(12).fill(1), new Float32Array(12).fill(2)],
      2,
    );

    assert.deepEqual([...stitched], [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
  });

  test('gives the logits of a single window as they are', () => {
    const only = new Float32Array([1, 2]);

    assert.equal(stitchLogits([{ start: 0, end: 1 }], [only], 2), only);
  });

  test('says that it is a bug when a window has logits of another length', () => {
    assert.throws(() => stitchLogits([{ start: 0, end: 1 }], [], 2), /this is a bug/);
  });
});
