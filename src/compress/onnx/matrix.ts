import { bytesPerElement, DataType } from './data-type.js';
import { halfTable } from './float16.js';
import type { Constant } from './graph.js';

/** A run of a constant's numbers as fp32, whatever it is stored as; `out` is filled from its beginning and returned. */
export function readFloats(constant: Constant, first: number, out: Float32Array): Float32Array {
  const { bytes, storedAs } = constant;
  const size = bytesPerElement(storedAs)!;
  const start = bytes.byteOffset + first * size;
  if (storedAs === DataType.float) {
    // Files do not align their tensors, so this copies bytes and not numbers.
    new Uint8Array(out.buffer, out.byteOffset, out.length * 4).set(
      new Uint8Array(bytes.buffer, start, out.length * 4),
    );
    return out;
  }
  const table = halfTable();
  if (start % 2 === 0) {
    const halves = new Uint16Array(bytes.buffer, start, out.length);
    for (let i = 0; i < out.length; i += 1) out[i] = table[halves[i]!]!;
    return out;
  }
  const source = new Uint8Array(bytes.buffer, start, out.length * 2);
  for (let i = 0; i < out.length; i += 1) {
    out[i] = table[source[2 * i]! | (source[2 * i + 1]! << 8)]!;
  }
  return out;
}

export function allFloats(constant: Constant): Float32Array {
  return readFloats(constant, 0, new Float32Array(elementsOf(constant)));
}

export function elementsOf({ dims }: Pick<Constant, 'dims'>): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The numbers of an int64 constant. */
export function integersOf({ bytes }: Constant): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 8 }, (_, i) =>
    Number(view.getBigInt64(8 * i, true)),
  );
}

export function int64Bytes(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer);
}

export function bytesOf(numbers: ArrayBufferView): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** The units of one axis that `indices` names, in that order, of a tensor of any type. */
export function takeUnits(
  constant: Constant,
  { axis, indices }: { axis: number; indices: Uint32Array },
): Constant {
  const { bytes, dims, storedAs } = constant;
  const size = bytesPerElement(storedAs)!;
  const unit = dims.slice(axis + 1).reduce((product, dim) => product * dim, size);
  const outer = dims.slice(0, axis).reduce((product, dim) => product * dim, 1);
  const from = dims[axis]! * unit;
  const taken = new Uint8Array(outer * indices.length * unit);
  let at = 0;
  for (let row = 0; row < outer; row += 1) {
    // Neighbours are copied together.
    for (let i = 0; i < indices.length;) {
      let end = i + 1;
      while (end < indices.length && indices[end] === indices[end - 1]! + 1) end += 1;
      const start = row * from + indices[i]! * unit;
      const length = (end - i) * unit;
      if (length <= 64) for (let k = 0; k < length; k += 1) taken[at + k] = bytes[start + k]!;
      else taken.set(bytes.subarray(start, start + length), at);
      at += length;
      i = end;
    }
  }
  return { ...constant, dims: dims.with(axis, indices.length), bytes: taken };
}

/** A matrix of any element size, rows and columns exchanged, in squares that stay in the cache. */
export function transposed(
  from: Uint8Array,
  { rows, columns, size }: { rows: number; columns: number; size: number },
): Uint8Array {
  const to = new Uint8Array(from.length);
  const SQUARE = 32;
  for (let top = 0; top < rows; top += SQUARE) {
    for (let left = 0; left < columns; left += SQUARE) {
      const bottom = Math.min(rows, top + SQUARE);
      const right = Math.min(columns, left + SQUARE);
      for (let row = top; row < bottom; row += 1) {
        for (let column = left; column < right; column += 1) {
          const source = (row * columns + column) * size;
          const target = (column * rows + row) * size;
          for (let k = 0; k < size; k += 1) to[target + k] = from[source + k]!;
        }
      }
    }
  }
  return to;
}
