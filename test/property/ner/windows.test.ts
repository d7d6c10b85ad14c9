import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EncodedText } from '../../../src/ner/encoded-text.js';
import { cutWindows, stitchLogits } from '../../../src/ner/windows.js';

interface Cut {
  encoded: EncodedText;
  maxTokens: number;
  overlap: number;
}

const cut: fc.Arbitrary<Cut> = fc
  .record({
    lengths: fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 30 })), {
      maxLength: 40,
    }),
    maxTokens: fc.integer({ min: 1, max: 20 }),
    share: fc.double({ min: 0, max: 0.999, noNaN: true }),
  })
  .map(({ lengths, maxTokens, share }) => {
    const preTokens = Int32Array.from(
      lengths.flatMap((length, index) => Array<number>(length).fill(index)),
    );
    const zeros = new Int32Array(preTokens.length);
    const bytes = new Uint8Array(preTokens.length);
    return {
      encoded: {
        text: '',
        ids: zeros,
        starts: zeros,
        ends: zeros,
        preTokens,
        caseTypes: bytes,
        subwords: bytes,
      },
      maxTokens,
      overlap: Math.floor(share * maxTokens),
    };
  });

test('windows cover every token, in order, none longer than the limit, overlapping by no more than allowed', () => {
  fc.assert(
    fc.property(cut, ({ encoded, maxTokens, overlap }) => {
      const windows = cutWindows(encoded, { maxTokens, overlap });
      assert.equal(windows[0]!.start, 0);
      assert.equal(windows.at(-1)!.end, encoded.ids.length);
      windows.forEach(({ start, end }, index) => {
        assert.ok(end - start <= maxTokens);
        const next = windows[index + 1];
        if (next === undefined) return;
        assert.ok(next.start > start && next.start <= end && next.end > end);
        assert.ok(end - next.start <= overlap);
      });
    }),
    { numRuns: 500 },
  );
});

test('windows cut a pre-token only where it is longer than a window', () => {
  fc.assert(
    fc.property(cut, ({ encoded, maxTokens, overlap }) => {
      const { preTokens } = encoded;
      for (const { start, end } of cutWindows(encoded, { maxTokens, overlap })) {
        for (const edge of [start, end]) {
          if (edge === 0 || preTokens[edge] !== preTokens[edge - 1]) continue;
          const length = preTokens.filter((preToken) => preToken === preTokens[edge]).length;
          assert.ok(length > maxTokens, `pre-token ${preTokens[edge]} of ${length} tokens is cut`);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('stitched windows are the whole when logits do not depend on the window', () => {
  fc.assert(
    fc.property(cut, fc.integer({ min: 1, max: 9 }), ({ encoded, ...limits }, labelCount) => {
      const whole = Float32Array.from(
        { length: encoded.ids.length * labelCount },
        (_, index) => index,
      );
      const windows = cutWindows(encoded, limits);

      const parts = windows.map(({ start, end }) =>
        whole.slice(start * labelCount, end * labelCount),
      );

      assert.deepEqual(stitchLogits(windows, parts, labelCount), whole);
    }),
    { numRuns: 500 },
  );
});

test('a token that two windows hold is taken from the one in which it is farther from the seam edges', () => {
  fc.assert(
    fc.property(cut, ({ encoded, maxTokens, overlap }) => {
      const windows = cutWindows(encoded, {
        maxTokens,
        overlap: Math.min(overlap, maxTokens >> 1),
      });
      const parts = windows.map(({ start, end }, index) =>
        new Float32Array(end - start).fill(index),
      );
      stitchLogits(windows, parts, 1).forEach((chosen, token) => {
        // An edge of the text is no edge: nothing is missing there.
        const margins = windows.map(({ start, end }) => {
          if (token < start || token >= end) return -1;
          const before = start === 0 ? Infinity : token - start;
          const after = end === encoded.ids.length ? Infinity : end - 1 - token;
          return Math.min(before, after);
        });
        assert.ok(margins[chosen]! >= 0);
        const holders = margins.filter((margin) => margin >= 0);
        if (holders.length === 2) assert.ok(margins[chosen]! >= Math.max(...holders));
      });
    }),
    { numRuns: 500 },
  );
});
