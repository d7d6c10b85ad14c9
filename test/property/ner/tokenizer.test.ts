import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { Tokenizer } from 'tokenizers';
import { codePointStarts } from '../../../src/ner/offset-units.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';

const file = 'models/tokenizer/tokenizer.json';
const native = Tokenizer.fromString(readFileSync(file, 'utf8'));
native.disableTruncation();
native.disablePadding();

// Characters that the normalizer and the pre-tokenizer treat in different ways, and pieces of special tokens.
const piece = fc.constantFrom(
  ...[
    'a',
    'Zz',
    'word',
    'unbelievable',
    '7',
    ' ',
    '  ',
    '\n',
    '\t',
    '\r\n',
    '\v',
    '\0',
    '\u0085',
    '\u00a0',
  ],
  ...[
    '\u3000',
    '\u2028',
    '.',
    ',',
    '[',
    ']',
    '[SEP]',
    '[CLS',
    '[UNK]',
    '##',
    '\u2019',
    '\u2014',
    '\u3002',
    '\uff01',
  ],
  ...[
    '\u00a1',
    '\u00e9',
    'e\u0301',
    '\u0301',
    '\u0323',
    '\u093f',
    '\u1109a',
    '\u6f22',
    '\u5b57',
    '\u{20000}',
    '\uf900',
  ],
  ...[
    '\ud55c',
    '\u1100',
    '\u{1f600}',
    '\u{1f468}\u200d\u{1f469}',
    '\ufe0f',
    '\u05d0',
    '\u202e',
    '\u0130',
    '\u00df',
  ],
  ...['\u226f', '\u037e', '\u{1d15e}', '\u302e', '\ufffd', '\u00ad', 'x'.repeat(101)],
);
const text = fc.oneof(
  fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
  // Most of these the native tokenizer never sees.
  fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom('un', 'Paris', 'é', 'ß', 'Ö', ' ', '-', '’', '«', 'ing', '7', 'x', '\n'),
      {
        maxLength: 60,
      },
    )
    .map((pieces) => pieces.join('')),
);

test('a text encoded in slices has the tokens of the whole text', async () => {
  const tokenizers = [1, 2, 5, 4096].map((sliceLength) =>
    TextTokenizer.fromFile(file, { sliceLength }),
  );
  await fc.assert(
    fc.asyncProperty(text, async (whole) => {
      const wanted = await native.encode(whole, null, { addSpecialTokens: false });
      const offsets = wanted.getOffsets() as [number, number][];
      const starts = codePointStarts(whole);
      const utf16 = (offset: number): number => starts?.[offset] ?? offset;
      const unknown = native.tokenToId('[UNK]');
      const subwords = wanted.getTokens().map((token, index) => {
        const [start, end] = offsets[index]!;
        const isSubword =
          Array.from(token).length !== end - start && wanted.getIds()[index] !== unknown;
        return isSubword ? 1 : 0;
      });
      for (const tokenizer of tokenizers) {
        const encoded = await tokenizer.encode(whole);
        assert.deepEqual([...encoded.ids], wanted.getIds());
        assert.deepEqual(
          [...encoded.starts],
          offsets.map(([start]) => utf16(start)),
        );
        assert.deepEqual(
          [...encoded.ends],
          offsets.map(([, end]) => utf16(end)),
        );
        assert.deepEqual([...encoded.preTokens], wanted.getWordIds());
        assert.deepEqual([...encoded.subwords], subwords);
      }
    }),
    { numRuns: 1000 },
  );
});
