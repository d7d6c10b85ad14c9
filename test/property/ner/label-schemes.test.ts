import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labelScheme, type Tagging } from '../../../src/ner/label-scheme.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';
import { bestPath } from '../../../src/ner/viterbi.js';
import { decode } from '../../../src/ner/decode.js';
import { FOREIGN } from '../../support/foreign-models.js';

/** What a sequence of labels may be, said anew as a regular expression. */
const SCHEMES: Record<string, { labels: string[]; legal: RegExp; tagging?: Tagging }> = {
  BIO: {
    labels: ['I-Y', 'B-X', 'O', 'B-Y', 'I-X'],
    legal: /^(O |B-X (I-X )*|B-Y (I-Y )*)*$/,
  },
  IOB1: {
    labels: ['O', 'I-X', 'B-X', 'I-Y', 'B-Y'],
    legal: /^(O |[BI]-[XY] )*$/,
    tagging: 'iob1',
  },
  'BIO in which one type has no B-': {
    labels: ['B-X', 'I-X', 'I-Y', 'O'],
    legal: /^(O |B-X (I-X )*|I-Y )*$/,
  },
  BIOES: {
    labels: ['B-X', 'E-X', 'I-X', 'S-X', 'O', 'S-Y', 'E-Y', 'I-Y', 'B-Y'],
    legal: /^(O |S-[XY] |B-X (I-X )*E-X |B-Y (I-Y )*E-Y )*$/,
  },
  BILOU: {
    labels: ['O', 'B-X', 'I-X', 'L-X', 'U-X', 'U-Y'],
    legal: /^(O |U-[XY] |B-X (I-X )*L-X )*$/,
  },
  BMES: {
    labels: ['S-X', 'M-X', 'B-X', 'E-X', 'O'],
    legal: /^(O |S-X |B-X (M-X )*E-X )*$/,
  },
  bare: { labels: ['X', 'O', 'Y'], legal: /^([XYO] )*$/ },
};

function paths(length: number, labels: number): number[][] {
  let all: number[][] = [[]];
  for (let row = 0; row < length; row++) {
    all = all.flatMap((path) => Array.from({ length: labels }, (_, label) => [...path, label]));
  }
  return all;
}

for (const [name, { labels, legal, tagging }] of Object.entries(SCHEMES)) {
  const isLegal = (path: readonly number[]): boolean =>
    legal.test(path.map((label) => `${labels[label]!} `).join(''));
  const legalPaths = [1, 2, 3, 4].map((length) => paths(length, labels.length).filter(isLegal));

  test(`viterbi equals the best of all legal paths of ${name} labels`, () => {
    const row = fc.array(fc.integer({ min: -2, max: 2 }), {
      minLength: labels.length,
      maxLength: labels.length,
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (values) => {
        const path = bestPath(
          Float32Array.from(values.flat()),
          Int32Array.from(values, (_, index) => index),
          labelScheme(labels, tagging),
        );

        const scoreOf = (of: readonly number[]): number =>
          of.reduce((sum, label, index) => sum + values[index]![label]!, 0);
        assert.ok(isLegal([...path]), [...path].map((label) => labels[label]).join(' '));
        const best = legalPaths[values.length - 1]!.reduce(
          (most, other) => Math.max(most, scoreOf(other)),
          -Infinity,
        );
        assert.equal(scoreOf([...path]), best);
      }),
      { numRuns: 60 },
    );
  });
}

const WORDS = fc.constantFrom(
  'Ann',
  'cafe\u0301',
  '\u6f22\u5b57',
  '\u{1f469}\u200d\u{1f469}',
  'U.S.',
  '\ufb01ne',
  '\u0e01\u0e34\u0e19',
  '\u0301',
  '<mask>',
  '[SEP]',
  '\u{20000}x',
);
const GAPS = fc.constantFrom(' ', '  ', '', '\n', '\u3000', '-', '\u200b');
const TEXT = fc.oneof(
  fc
    .array(fc.tuple(WORDS, GAPS), { maxLength: 8 })
    .map((parts) => parts.map(([word, gap]) => word + gap).join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

for (const name of ['bert-cased', 'roberta', 'xlm-roberta', 'deberta-v3']) {
  const tokenizer = TextTokenizer.fromFile(`${FOREIGN}/${name}/tokenizer.json`, {
    caseTypes: false,
  });
  const labels = ['O', 'B-X', 'I-X'];

  test(`tokens and spans of a ${name} tokenizer keep to the text`, async () => {
    await fc.assert(
      fc.asyncProperty(TEXT, fc.integer({ min: 1, max: 1e6 }), async (text, seed) => {
        const { ids, starts, ends, preTokens, caseTypes, ...rest } = await tokenizer.encode(text);
        for (let token = 0; token < ids.length; token++) {
          assert.ok(starts[token]! >= 0 && starts[token]! <= ends[token]!);
          assert.ok(ends[token]! <= text.length);
          const step = preTokens[token]! - (preTokens[token - 1] ?? -1);
          assert.ok(step === 1 || (step === 0 && token > 0), `pre-tokens rise by ${step}`);
          if (step === 1 && token > 0) assert.ok(starts[token]! >= ends[token - 1]!);
        }
        assert.ok(caseTypes.every((type) => type === 0));

        const logits = Float32Array.from(
          { length: ids.length * 3 },
          (_, at) => ((at + 7) * seed) % 11,
        );
        const encoded = { ids, starts, ends, preTokens, caseTypes, ...rest };
        let end = 0;
        for (const span of decode(encoded, logits, { labels, aggregation: 'viterbi' })) {
          const covered = text.slice(span.start, span.end);
          assert.ok(span.start >= end && covered !== '', 'spans are in order and not empty');
          assert.equal(covered, covered.trim());
          assert.ok(!/\p{Cs}/u.test(covered), 'no pair is cut');
          end = span.end;
        }
      }),
      { numRuns: 150 },
    );
  });
}
