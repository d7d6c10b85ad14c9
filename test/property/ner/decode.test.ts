import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../../src/ner/decode.js';
import { labelScheme } from '../../../src/ner/label-scheme.js';
import { AGGREGATIONS } from '../../../src/ner/span.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';
import { bestPath } from '../../../src/ner/viterbi.js';

const labels = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC', 'B-MISC', 'I-MISC'];
const tokenizer = TextTokenizer.fromFile('models/tokenizer/tokenizer.json');

function logitsOf(seed: number, count: number): Float32Array {
  let state = seed | 1;
  return Float32Array.from({ length: count }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return ((state >>> 8) / 2 ** 24 - 0.5) * 12;
  });
}

test('spans are sorted, lie in the text, are never empty, and those of viterbi never overlap', async () => {
  const word = fc.constantFrom(
    'Ann',
    'caf\u00e9',
    'cafe\u0301',
    '\u6f22\u5b57',
    '\u{1f600}',
    'U.S.',
    '\ud55c\uae00',
    '\u0301',
    'x',
  );
  const text = fc.oneof(
    fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.integer(), async (whole, seed) => {
      const encoded = await tokenizer.encode(whole);
      const logits = logitsOf(seed, encoded.ids.length * labels.length);
      for (const aggregation of AGGREGATIONS) {
        let previous = { start: 0, end: 0 };
        for (const span of decode(encoded, logits, { labels, aggregation })) {
          assert.ok(span.start >= previous.start && span.end <= whole.length);
          assert.ok(span.start < span.end && span.score > 0 && span.score <= 1);
          // No half of a surrogate pair is cut off.
          assert.ok(!/\p{Cs}/u.test(whole.slice(span.start, span.end)));
          if (aggregation === 'viterbi') assert.ok(span.start >= previous.end);
          previous = span;
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('viterbi equals the best of all legal paths', () => {
  const names = ['O', 'B-X', 'I-X', 'B-Y', 'I-Y'];
  const scheme = labelScheme(names);
  // Few distinct values, so that ties are common; they are exact in floating point.
  const rows = fc.array(
    fc.array(fc.integer({ min: -2, max: 2 }), { minLength: names.length, maxLength: names.length }),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(rows, (values) => {
      const path = bestPath(
        Float32Array.from(values.flat()),
        Int32Array.from(values, (_, row) => row),
        scheme,
      );

      const scoreOf = (labelsOf: readonly number[]): number =>
        labelsOf.reduce((sum, label, row) => sum + values[row]![label]!, 0);
      assert.ok(isLegal([...path], names));
      assert.equal(scoreOf([...path]), Math.max(...legalPaths(values.length, names).map(scoreOf)));
    }),
    { numRuns: 150 },
  );
});

test('the entities of viterbi do not depend on the temperature', async () => {
  const temperature = fc.double({ min: 0.05, max: 20, noNaN: true });
  const encoded = await tokenizer.encode('Ann met Bo Lee of Acme in New York, said the U.S. envoy');
  fc.assert(
    fc.property(fc.integer(), temperature, (seed, first) => {
      const logits = logitsOf(seed, encoded.ids.length * labels.length);
      const plain = decode(encoded, logits, { labels, aggregation: 'viterbi' });
      const calibrated = decode(encoded, logits, {
        labels,
        aggregation: 'viterbi',
        temperature: first,
      });
      const ranges = (spans: typeof plain): unknown[] =>
        spans.map(({ label, start, end }) => [label, start, end]);
      assert.deepEqual(ranges(calibrated), ranges(plain));
      assert.ok(calibrated.every(({ score }) => score > 0 && score <= 1));
    }),
    { numRuns: 200 },
  );
});

function isLegal(path: readonly number[], names: readonly string[]): boolean {
  return path.every((label, row) => {
    const name = names[label]!;
    return !name.startsWith('I-') || (row > 0 && names[path[row - 1]!]!.slice(1) === name.slice(1));
  });
}

function legalPaths(length: number, names: readonly string[]): number[][] {
  let paths: number[][] = [[]];
  for (let row = 0; row < length; row++) {
    paths = paths.flatMap((path) =>
      names.map((_, label) => [...path, label]).filter((longer) => isLegal(longer, names)),
    );
  }
  return paths;
}
