import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DataType } from '../../../src/compress/onnx/data-type.js';
import type { Constant } from '../../../src/compress/onnx/graph.js';
import { bytesOf } from '../../../src/compress/onnx/matrix.js';
import { packBlocks } from '../../../src/compress/passes/quantize-blocks.js';
import { quantizeColumns, quantizeRows } from '../../../src/compress/passes/quantize-columns.js';

function matrix(rows: number, columns: number, numbers: readonly number[]): Constant {
  const { float } = DataType;
  const bytes = bytesOf(Float32Array.from(numbers));
  return { name: 'w', dims: [rows, columns], dataType: float, storedAs: float, bytes };
}

describe('quantizeColumns', () => {
  it('gives each column its own scale and the largest number the largest integer', () => {
    const { integers, scales } = quantizeColumns(matrix(2, 2, [1.27, -0.5, -0.635, 0.25]), 8);

    assert.deepEqual([...integers], [127, -127, -64, 64]);
    assert.ok(Math.abs(scales[0]! - 0.01) < 1e-8 && Math.abs(scales[1]! - 0.5 / 127) < 1e-8);
  });

  it('rounds ties to even, as numpy does', () => {
    const { integers } = quantizeColumns(matrix(5, 1, [127, 0.5, 1.5, -2.5, -3.5]), 8);
    assert.deepEqual([...integers], [127, 0, 2, -2, -4]);
  });

  it('stays within 63 with 7 bits', () => {
    const { integers, scales } = quantizeColumns(matrix(2, 1, [-6.3, 3.1]), 7);
    assert.deepEqual([...integers], [-63, 31]);
    assert.ok(Math.abs(scales[0]! - 0.1) < 1e-7);
  });

  it('gives a column of zeros, or of numbers too small for a scale, a scale that is no zero', () => {
    const { integers, scales } = quantizeColumns(matrix(1, 2, [0, 1e-45]), 8);
    assert.deepEqual([...integers], [0, 0]);
    assert.deepEqual([...scales], [1, 1]);
  });

  it('does the same for a matrix that takes many strips', () => {
    const columns = 70_001;
    const numbers = Array.from({ length: 3 * columns }, (_, i) => ((i * 7919) % 255) - 127);
    const { integers, scales } = quantizeColumns(matrix(3, columns, numbers), 8);

    for (const i of [0, columns - 1, columns, 2 * columns + 5]) {
      assert.ok(Math.abs(integers[i]! * scales[i % columns]! - numbers[i]!) < 0.51);
    }
  });
});

describe('quantizeRows', () => {
  it('gives each row its own scale', () => {
    const { integers, scales } = quantizeRows(matrix(3, 2, [127, -1, 0, 0, 0.5, -1]));
    assert.deepEqual([...integers], [127, -1, 0, 0, 64, -127]);
    assert.deepEqual([scales[0], scales[1]], [1, 1]);
  });
});

describe('packBlocks', () => {
  it('stores a column in blocks of 32, the last one filled up with zeros', () => {
    const numbers = Array.from({ length: 40 }, (_, i) => (i === 3 ? -8 : i % 8));
    const { packed, scales } = packBlocks(matrix(40, 1, numbers), 4);

    assert.deepEqual([scales[0], Math.fround(scales[1]!)], [1, Math.fround(7 / -8)]);
    const integers = [...packed].flatMap((byte) => [byte & 15, byte >> 4]);
    assert.equal(integers.length, 64);
    assert.deepEqual(integers.slice(0, 8), [8, 9, 10, 0, 12, 13, 14, 15]);
    assert.deepEqual(integers.slice(40), Array(24).fill(8));
  });

  for (const bits of [4, 8] as const) {
    it(`comes within a step of every number with ${bits} bits`, () => {
      const [rows, columns] = [70, 3];
      const numbers = Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 12.9898) * 3);
      const { packed, scales } = packBlocks(matrix(rows, columns, numbers), bits);
      const integers =
        bits === 8 ? [...packed] : [...packed].flatMap((byte) => [byte & 15, byte >> 4]);

      for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
          const block = column * 3 + Math.floor(row / 32);
          const value = (integers[block * 32 + (row % 32)]! - 2 ** (bits - 1)) * scales[block]!;
          // The other end of the range is a step shorter.
          const off = Math.abs(value - numbers[row * columns + column]!);
          assert.ok(off <= Math.abs(scales[block]!) * 1.001, `row ${row}, column ${column}`);
        }
      }
    });
  }
});
