import type { Constant } from '../onnx/graph.js';
import { readFloats } from '../onnx/matrix.js';

export interface Quantized {
  readonly integers: Int8Array;
  readonly scales: Float32Array;
}

/** Adding this to a number of less than 2^51 and taking it away again rounds it to the nearest integer, ties to even. */
const ROUNDING = 6_755_399_441_055_744;
/** Numbers that are converted at once: a few rows, so that the fp32 of a whole matrix is never in memory. */
const STRIP = 65_536;

/**
 * Symmetric int8 of a matrix [in, out] of fp32, one scale a column; the same figures as scripts/lab/onnx_quantize.py.
 * `bits` 7 uses half of the range.
 */
export function quantizeColumns(weight: Constant, bits: 7 | 8): Quantized {
  const columns = weight.dims[1]!;
  const limit = 2 ** (bits - 1) - 1;
  const largest = new Float32Array(columns);
  inStrips(weight, (values) => {
    for (let at = 0; at < values.length;) {
      for (let column = 0; column < columns; column += 1, at += 1) {
        const magnitude = Math.abs(values[at]!);
        if (magnitude > largest[column]!) largest[column] = magnitude;
      }
    }
  });
  const scales = scalesOf(largest, limit);
  const integers = new Int8Array(weight.dims[0]! * columns);
  inStrips(weight, (values, first) => {
    for (let at = 0; at < values.length;) {
      for (let column = 0; column < columns; column += 1, at += 1) {
        integers[first + at] = rounded(values[at]!, scales[column]!, limit);
      }
    }
  });
  return { integers, scales };
}

/** Symmetric int8 of a table, one scale a row. */
export function quantizeRows(table: Constant): Quantized {
  const [rows, columns] = table.dims as [number, number];
  const largest = new Float32Array(rows);
  const integers = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  inStrips(table, (values, first) => {
    const begin = first / columns;
    const end = begin + values.length / columns;
    for (let row = begin, at = 0; row < end; row += 1) {
      for (let column = 0; column < columns; column += 1, at += 1) {
        const magnitude = Math.abs(values[at]!);
        if (magnitude > largest[row]!) largest[row] = magnitude;
      }
    }
    scales.set(scalesOf(largest.subarray(begin, end), 127), begin);
    for (let row = begin, at = 0; row < end; row += 1) {
      const scale = scales[row]!;
      for (let column = 0; column < columns; column += 1, at += 1) {
        integers[first + at] = rounded(values[at]!, scale, 127);
      }
    }
  });
  return { integers, scales };
}

function scalesOf(largest: Float32Array, limit: number): Float32Array {
  return largest.map((magnitude) => (magnitude === 0 ? 1 : Math.fround(magnitude / limit) || 1));
}

function rounded(value: number, scale: number, limit: number): number {
  const integer = Math.fround(value / scale) + ROUNDING - ROUNDING;
  // A scale that underflowed would let a number beyond the range.
  return integer > limit ? limit : integer < -limit ? -limit : integer;
}

/** Calls `visit` with some whole rows at a time and the number of values before them. */
function inStrips(matrix: Constant, visit: (values: Float32Array, first: number) => void): void {
  const [rows, columns] = matrix.dims as [number, number];
  const height = Math.max(1, Math.floor(STRIP / Math.max(1, columns)));
  const strip = new Float32Array(Math.min(rows, height) * columns);
  for (let row = 0; row < rows; row += height) {
    const first = row * columns;
    const length = Math.min(strip.length, rows * columns - first);
    visit(readFloats(matrix, first, strip.subarray(0, length)), first);
  }
}
