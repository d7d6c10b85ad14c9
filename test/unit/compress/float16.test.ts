import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { halfTable, narrow } from '../../../src/compress/onnx/float16.js';

function halfOf(value: number): number {
  const half = new Uint16Array(1);
  narrow(Float32Array.of(value), half);
  return half[0]!;
}

describe('fp16', () => {
  it('comes back from fp32 as it was, each of the 65,536', () => {
    const halves = new Uint16Array(65_536);
    const overflows = narrow(halfTable(), halves);

    assert.equal(overflows, 0);
    const changed = Array.from(halves.keys()).filter((bits) => halves[bits] !== bits);
    // What is no number stays none, but its payload, and even its sign, need not come through fp32.
    const isNaN = (bits: number) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    assert.ok(changed.every((bits) => isNaN(bits) && isNaN(halves[bits]!)));
    assert.ok(changed.length < 2 * 1024);
  });

  for (const [value, half] of [
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [0.1, 0x2e66],
    [1 + 2 ** -11, 0x3c00], // a tie goes to the even one
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [2047.5, 0x6800], // rounds over into the next exponent
    [2 ** -24, 1],
    [2 ** -25, 0], // a tie between 0 and the smallest
    [2 ** -25 * 1.001, 1],
    [3 * 2 ** -25, 2],
    [2 ** -14 - 2 ** -26, 0x0400], // rounds up out of the subnormals
    [-0, 0x8000],
    [Infinity, 0x7c00],
    [65519.9, 0x7bff],
  ] as const) {
    it(`holds ${value} as 0x${half.toString(16)}`, () => assert.equal(halfOf(value), half));
  }

  it('counts the finite numbers that are too large', () => {
    const halves = new Uint16Array(4);
    const overflows = narrow(Float32Array.of(65520, -1e9, Infinity, 1), halves);

    assert.equal(overflows, 2);
    assert.deepEqual([...halves], [0x7c00, 0xfc00, 0x7c00, 0x3c00]);
  });
});
