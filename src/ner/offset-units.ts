import type { OffsetUnit } from './span.js';

export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

const SURROGATE = /[\ud800-\udfff]/;
const ASCII = /^[\0-\x7f]*$/;

/** UTF-16 offsets in another unit, in the order given. Offsets must not cut a surrogate pair. */
export function toUnit(
  text: string,
  ranges: readonly OffsetRange[],
  unit: OffsetUnit,
): OffsetRange[] {
  if (isSameAsUtf16(text, unit)) return ranges.map(({ start, end }) => ({ start, end }));
  const width = unit === 'utf8' ? utf8Width : codePointWidth;
  // One cursor walks from offset to offset: linear for sorted ranges, and it may also walk back.
  let at = 0;
  let count = 0;
  const move = (to: number): number => {
    for (; at < to; at++) count += width(text.charCodeAt(at));
    for (; at > to; at--) count -= width(text.charCodeAt(at - 1));
    return count;
  };
  return ranges.map(({ start, end }) => ({ start: move(start), end: move(end) }));
}

/** The inverse of `toUnit` for code points. */
export function codePointsToUtf16(text: string, ranges: readonly OffsetRange[]): OffsetRange[] {
  const starts = codePointStarts(text);
  if (starts === null) return ranges.map(({ start, end }) => ({ start, end }));
  return ranges.map(({ start, end }) => ({ start: starts[start]!, end: starts[end]! }));
}

/** UTF-16 offset of each code point, with the text's length at the end; null where both units are the same. */
export function codePointStarts(text: string): Int32Array | null {
  if (!SURROGATE.test(text)) return null;
  const starts = new Int32Array(text.length + 1);
  let count = 0;
  for (let index = 0; index < text.length; count++) {
    starts[count] = index;
    index += text.codePointAt(index)! > 0xffff ? 2 : 1;
  }
  starts[count] = text.length;
  return starts.subarray(0, count + 1);
}

function isSameAsUtf16(text: string, unit: OffsetUnit): boolean {
  switch (unit) {
    case 'utf16':
      return true;
    case 'codepoint':
      return !SURROGATE.test(text);
    case 'utf8':
      return ASCII.test(text);
  }
}

// A pair of surrogates counts at its first half.
function codePointWidth(code: number): number {
  return code >= 0xdc00 && code <= 0xdfff ? 0 : 1;
}

function utf8Width(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  if (code < 0xd800 || code > 0xdfff) return 3;
  return code < 0xdc00 ? 4 : 0;
}
