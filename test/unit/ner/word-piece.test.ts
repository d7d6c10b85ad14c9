import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Tokenizer } from 'tokenizers';
import { isPlain } from '../../../src/ner/plain-text.js';
import { vocabularyOf } from '../../../src/ner/vocabulary.js';
import { PlainWordPiece } from '../../../src/ner/word-piece.js';

const json = readFileSync('models/tokenizer/tokenizer.json', 'utf8');

async function nativeIds(subject: string, text: string): Promise<number[]> {
  const native = Tokenizer.fromString(subject);
  native.disableTruncation();
  native.disablePadding();
  const encoding = await native.encode(text, null, { addSpecialTokens: false });
  return encoding.getIds();
}

/** Every plain character within words, between them and alone; one long text, since a tokenizer is slow to make. */
const everyPlainCharacter = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code))
  .filter(isPlain)
  .flatMap((character) => [`co${character}te`, character, `${character}${character}Paris`])
  .join(' ');

describe('PlainWordPiece', () => {
  const wordPiece = new PlainWordPiece(vocabularyOf(JSON.parse(json))!);

  test('gives the ids of the native tokenizer for every plain character', async () => {
    assert.deepEqual(
      wordPiece.ids(everyPlainCharacter),
      await nativeIds(json, everyPlainCharacter),
    );
  });

  test('takes the letters and signs of Latin text', () => {
    for (const text of [
      'São Paulo',
      '“Müller’s” – naïve…',
      'Ælfrēd\n\tŁódź',
      '§ 5 · 10 €'.slice(0, 8),
    ]) {
      assert.ok(wordPiece.takes(text), text);
    }
  });

  test('leaves to the library what one unit may not stand for', () => {
    for (const text of [
      'e\u0301',
      'a\u00a0b',
      '\u{1f600}',
      '漢',
      '\0',
      '\u00ad',
      'see [SEP] here',
    ]) {
      assert.ok(!wordPiece.takes(text), JSON.stringify(text));
    }
  });

  test('follows the normalizer where it keeps capitals or accents', async () => {
    const text = 'The São Paulo Müller café naïve ÉCOLE resumé';
    for (const change of [
      { lowercase: false },
      { strip_accents: false },
      { lowercase: false, strip_accents: true },
    ]) {
      const tokenizer = JSON.parse(json) as { normalizer: object };
      const changed = JSON.stringify({
        ...tokenizer,
        normalizer: { ...tokenizer.normalizer, ...change },
      });
      assert.deepEqual(
        new PlainWordPiece(vocabularyOf(JSON.parse(changed))!).ids(text),
        await nativeIds(changed, text),
        JSON.stringify(change),
      );
    }
  });

  test('knows no word that is longer than the vocabulary allows', () => {
    assert.deepEqual(wordPiece.ids(`${'a'.repeat(101)}.`), [100, 1012]);
    assert.ok(wordPiece.ids('a'.repeat(100)).length > 1);
  });
});
