import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { codePointsToUtf16 } from '../../../src/ner/offset-units.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';

/** Answers of Python's tokenizer; offsets in code points. */
interface TokenizerCase {
  text: string;
  ids: number[];
  offsets: [number, number][];
  wordIds: number[];
  caseTypes: number[];
}

const cases = JSON.parse(
  readFileSync('test/fixtures/tokenizer-cases.json', 'utf8'),
) as TokenizerCase[];
const file = 'models/tokenizer/tokenizer.json';
const tokenizer = TextTokenizer.fromFile(file);

async function assertSameAsPython(subject: TextTokenizer, wanted: TokenizerCase): Promise<void> {
  const encoded = await subject.encode(wanted.text);
  const about = JSON.stringify(wanted.text.slice(0, 80));
  const ranges = codePointsToUtf16(
    wanted.text,
    wanted.offsets.map(([start, end]) => ({ start, end })),
  );
  assert.deepEqual([...encoded.ids], wanted.ids, `ids of ${about}`);
  assert.deepEqual(
    [...encoded.starts],
    ranges.map((range) => range.start),
    `starts of ${about}`,
  );
  assert.deepEqual(
    [...encoded.ends],
    ranges.map((range) => range.end),
    `ends of ${about}`,
  );
  assert.deepEqual([...encoded.preTokens], wanted.wordIds, `pre-tokens of ${about}`);
  assert.deepEqual([...encoded.caseTypes], wanted.caseTypes, `case types of ${about}`);
}

describe('TextTokenizer', () => {
  test('gives what the tokenizer of Python gives on every shared case', async () => {
    assert.ok(cases.length > 100);
    for (const wanted of cases) await assertSameAsPython(tokenizer, wanted);
  });

  test('gives the same when it cuts the shared cases into slices of a few characters', async () => {
    for (const sliceLength of [2, 7]) {
      const slicing = TextTokenizer.fromFile(file, { sliceLength });
      for (const wanted of cases) await assertSameAsPython(slicing, wanted);
    }
  });

  test('knows the ids of the special tokens', () => {
    assert.deepEqual([tokenizer.clsId, tokenizer.sepId, tokenizer.padId], [101, 102, 0]);
  });

  test('takes special tokens that the text spells out as the tokenizer of Python does', async () => {
    const { ids, starts, ends } = await tokenizer.encode('a [SEP] b[UNK]c');

    assert.deepEqual([...ids], [1037, 102, 1038, 100, 1039]);
    assert.deepEqual([...starts], [0, 2, 8, 9, 14]);
    assert.deepEqual([...ends], [1, 7, 9, 14, 15]);
  });

  test('marks as subwords the tokens whose length differs from the text that they cover', async () => {
    // Hangul is decomposed, and of "cafe" the accent is stripped; an unknown word is never one.
    const { subwords, preTokens } = await tokenizer.encode('Merkel \ud55c cafe\u0301s \u{1f600}');

    assert.deepEqual([...preTokens], [0, 0, 1, 1, 1, 2, 3]);
    assert.deepEqual([...subwords], [0, 1, 0, 1, 1, 1, 0]);
  });

  test('encodes 256 KiB of one kind of character', async () => {
    const size = 256 * 1024;
    const kinds: [string, number, number][] = [
      ['a', size, 1],
      [' ', size, 0],
      ['!', size, size],
      ['\u6f22', Math.floor(size / 3), Math.floor(size / 3)],
      ['\u{1f600}', size / 4, 1],
      ['\u0301', size / 2, 0],
      ['\u00a1', size / 2, size / 2],
    ];
    for (const [kind, count, tokens] of kinds) {
      const { ids, ends } = await tokenizer.encode(kind.repeat(count));
      assert.equal(ids.length, tokens, JSON.stringify(kind));
      if (tokens > 0) assert.equal(ends.at(-1), kind.length * count, JSON.stringify(kind));
    }
  });

  test('encodes a long text that has no place to cut and many tokens', async () => {
    const text = '\u{20000}'.repeat(3000);

    const { ids, starts, ends } = await tokenizer.encode(text);

    assert.equal(ids.length, 3000);
    assert.equal(starts[2999], 5998);
    assert.equal(ends[2999], 6000);
  });

  test('lets the event loop turn while it encodes a long text', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);

    await tokenizer.encode('word, '.repeat(20_000));

    clearInterval(timer);
    assert.ok(turns >= 5, `${turns} turns`);
  });

  test('throws where the file is missing or no tokenizer', () => {
    assert.throws(() => TextTokenizer.fromFile('test/fixtures/none.json'), { code: 'ENOENT' });
    assert.throws(() => TextTokenizer.fromFile('test/fixtures/tokenizer-cases.json'), {
      name: 'ZodError',
    });
  });
});
