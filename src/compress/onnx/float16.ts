/** Conversions between fp32 and fp16 (IEEE 754 binary16), whose numbers are held as unsigned integers. */

export const LARGEST_HALF = 65504;
/** Subnormal. */
export const SMALLEST_HALF = 2 ** -24;

let table: Float32Array | undefined;

/** The value of each of the 65,536 halves: looking them up is the fastest way to widen millions of them. */
export function halfTable(): Float32Array {
  if (table !== undefined) return table;
  table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits += 1) table[bits] = widenOne(bits);
  return table;
}

function widenOne(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * SMALLEST_HALF;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

const SIGNALLING_BITS = 0x7e00;

/** Rounded to the nearest, ties to even; what is too large becomes infinite. Returns how many finite ones did. */
export function narrow(from: Float32Array, to: Uint16Array): number {
  const bits = new Uint32Array(from.buffer, from.byteOffset, from.length);
  let overflows = 0;
  for (let i = 0; i < from.length; i += 1) {
    const value = bits[i]!;
    const sign = (value >>> 16) & 0x8000;
    const magnitude = value & 0x7fffffff;
    // 65520, from which on numbers round to infinity.
    if (magnitude >= 0x477ff000) {
      const isNaN = magnitude > 0x7f800000;
      to[i] = sign | (isNaN ? SIGNALLING_BITS : 0x7c00);
      if (magnitude < 0x7f800000) overflows += 1;
    } else if (magnitude >= 0x38800000) {
      // A normal half: rebias the exponent, and add just under half of the last place, or all of it for odd ones.
      const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
      to[i] = sign | (rounded >>> 13);
    } else {
      // A subnormal half is a whole number of the smallest; adding 2^23 of them rounds to even.
      const scaled = Math.fround(Math.abs(from[i]!) / SMALLEST_HALF + 8_388_608) - 8_388_608;
      to[i] = sign | scaled;
    }
  }
  return overflows;
}
