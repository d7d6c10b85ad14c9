import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ModelFolderError } from '../../../src/building/model-folder-error.js';
import { tryTokenizer } from '../../../src/building/try-tokenizer.js';
import type { EncodedText } from '../../../src/ner/encoded-text.js';

const NOTHING: EncodedText = {
  text: '',
  ids: new Int32Array(),
  starts: new Int32Array(),
  ends: new Int32Array(),
  preTokens: new Int32Array(),
  caseTypes: new Uint8Array(),
  subwords: new Uint8Array(),
};

describe('tryTokenizer', () => {
  it('encodes runs of characters that end in another one, and the sentences', async () => {
    const texts: string[] = [];
    const encode = (text: string): Promise<EncodedText> => {
      texts.push(text);
      return Promise.resolve(NOTHING);
    };

    await tryTokenizer({ encode }, ['Ann left.', 'Bob stayed.']);

    assert.deepEqual(texts.slice(-2), ['Ann left.', 'Bob stayed.']);
    for (const run of ['a', '0', ' ', '-', '中', '😀']) {
      assert.ok(
        texts.some((text) => text.includes(`${run.repeat(100)}!`)),
        run,
      );
    }
    assert.ok(texts.some((text) => text.includes('a'.repeat(10_000))));
    assert.ok(texts.every((text) => Buffer.from(text).toString() === text));
  });

  it('refuses one that gives up on a text, and says why', async () => {
    const encode = (text: string): Promise<EncodedText> =>
      text.includes('Bob') ? Promise.reject(new Error('no [UNK] token')) : Promise.resolve(NOTHING);

    await assert.rejects(tryTokenizer({ encode }, ['Ann', 'Bob']), (error) => {
      assert.ok(error instanceof ModelFolderError);
      const [problem] = error.problems;
      assert.equal(problem!.file, 'tokenizer.json');
      return problem!.detail === 'it cannot encode every text: no [UNK] token';
    });
  });
});
