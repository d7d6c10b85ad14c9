import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codePointsToUtf16, toUnit } from '../../../src/ner/offset-units.js';

const text = 'a\u{1f600}\u00e9\u6f22z';

describe('offset units', () => {
  test('count code points, UTF-16 units and UTF-8 bytes', () => {
    const range = [{ start: 3, end: 5 }];

    assert.deepEqual(toUnit(text, range, 'codepoint'), [{ start: 2, end: 4 }]);
    assert.deepEqual(toUnit(text, range, 'utf16'), range);
    assert.deepEqual(toUnit(text, range, 'utf8'), [{ start: 5, end: 10 }]);
  });

  test('keep the order of ranges that are not sorted', () => {
    const ranges = [
      { start: 5, end: 6 },
      { start: 1, end: 3 },
      { start: 0, end: 6 },
    ];

    assert.deepEqual(toUnit(text, ranges, 'codepoint'), [
      { start: 4, end: 5 },
      { start: 1, end: 2 },
      { start: 0, end: 5 },
    ]);
  });

  test('turn code points back into UTF-16 up to the end of the text', () => {
    assert.deepEqual(codePointsToUtf16(text, [{ start: 1, end: 5 }]), [{ start: 1, end: 6 }]);
  });
});
