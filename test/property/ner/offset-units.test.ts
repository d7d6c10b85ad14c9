import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codePointsToUtf16, toUnit } from '../../../src/ner/offset-units.js';

/** A text and ranges of it in code points, sorted or not. */
const textAndRanges = fc.string({ unit: 'binary', maxLength: 30 }).chain((text) => {
  const offset = fc.nat({ max: Array.from(text).length });
  const range = fc
    .tuple(offset, offset)
    .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
  return fc.tuple(fc.constant(text), fc.array(range, { maxLength: 6 }));
});

test('code points become UTF-16 offsets and come back', () => {
  fc.assert(
    fc.property(textAndRanges, ([text, ranges]) => {
      const utf16 = codePointsToUtf16(text, ranges);

      assert.deepEqual(toUnit(text, utf16, 'codepoint'), ranges);
    }),
    { numRuns: 500 },
  );
});

test('ranges in each unit cut out the same text', () => {
  fc.assert(
    fc.property(textAndRanges, ([text, ranges]) => {
      const utf16 = codePointsToUtf16(text, ranges);
      const bytes = Buffer.from(text);

      const utf8 = toUnit(text, utf16, 'utf8');

      utf16.forEach(({ start, end }, index) => {
        const cut = text.slice(start, end);
        assert.equal(bytes.subarray(utf8[index]!.start, utf8[index]!.end).toString(), cut);
        const { start: first, end: last } = ranges[index]!;
        assert.equal(Array.from(text).slice(first, last).join(''), cut);
      });
    }),
    { numRuns: 500 },
  );
});
