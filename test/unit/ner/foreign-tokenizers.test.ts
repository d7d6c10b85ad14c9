import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { specialTokens } from '../../../src/ner/special-tokens.js';
import { TextTokenizer, type TokenizerOptions } from '../../../src/ner/tokenizer.js';
import { FOREIGN } from '../../support/foreign-models.js';

function open(name: string): TextTokenizer {
  return TextTokenizer.fromFile(`${FOREIGN}/${name}/tokenizer.json`, { caseTypes: false });
}

type Json = Record<string, unknown>;

/** A tokenizer.json that was changed. */
function changed(
  name: string,
  change: (file: Json & { model: Json }) => void,
  options: TokenizerOptions = { caseTypes: false },
): TextTokenizer {
  const text = readFileSync(`${FOREIGN}/${name}/tokenizer.json`, 'utf8');
  const file = JSON.parse(text) as Json & { model: Json };
  change(file);
  return TextTokenizer.fromJson(JSON.stringify(file), options);
}

/** What each pre-token covers. */
async function preTokens(tokenizer: TextTokenizer, text: string): Promise<string[]> {
  const { preTokens: of, starts, ends } = await tokenizer.encode(text);
  const covered: string[] = [];
  of.forEach((preToken, token) => {
    const first = of.indexOf(preToken);
    covered[preToken] = text.slice(starts[first], ends[token]);
  });
  return covered;
}

describe('a tokenizer that is not ours', () => {
  it('knows its special tokens, whatever they are called', () => {
    const ids = (name: string): number[] => {
      const { clsId, sepId, padId } = open(name);
      return [clsId, sepId, padId];
    };
    assert.deepEqual(ids('bert-cased'), [2, 3, 0]);
    assert.deepEqual(ids('roberta'), [0, 2, 1]);
    assert.deepEqual(ids('xlm-roberta'), [0, 2, 1]);
    assert.deepEqual(ids('deberta-v3'), [1, 2, 0]);
  });

  it('divides words at punctuation and never a character', async () => {
    assert.deepEqual(await preTokens(open('xlm-roberta'), 'Ann, (Oslo).'), [
      'Ann',
      ',',
      '(',
      'Oslo',
      ')',
      '.',
    ]);
    assert.deepEqual(await preTokens(open('roberta'), 'a \u{1f984}b'), ['a', '\u{1f984}', 'b']);
  });

  it('divides scripts without spaces at every token, and joins a lone space with what follows', async () => {
    for (const name of ['xlm-roberta', 'deberta-v3']) {
      const found = await preTokens(open(name), 'a \u5317\u4eac');
      assert.deepEqual(
        found.map((text) => text.trim()),
        ['a', '\u5317', '\u4eac'],
        name,
      );
    }
  });

  it('feeds no case types to a model that was not trained on them', async () => {
    const { caseTypes } = await open('bert-cased').encode('ANNA met Bo in 1999');
    assert.ok(caseTypes.every((type) => type === 0));
  });

  it('encodes 256 KiB without a place to cut', async () => {
    for (const name of ['roberta', 'xlm-roberta', 'deberta-v3']) {
      const text = 'ab'.repeat(128 * 1024);
      const { ids, ends } = await open(name).encode(text);
      assert.ok(ids.length > 0, name);
      assert.equal(ends.at(-1), text.length, name);
    }
  });

  it('goes past our own WordPiece where a rule of BERT does not hold', async () => {
    const whitespace = changed('bert-cased', (file) => {
      file.pre_tokenizer = { type: 'WhitespaceSplit' };
    });
    const unknown = await whitespace.encode('the qzx,qzx river');
    const usual = await open('bert-cased').encode('the qzx,qzx river');
    assert.ok(unknown.ids.length < usual.ids.length, 'a comma parts no words any more');
    assert.throws(
      () =>
        changed('bert-cased', (file) => (file.pre_tokenizer = { type: 'WhitespaceSplit' }), {
          caseTypes: true,
        }),
      /case types need a tokenizer of the kind that BERT has/,
    );
  });

  it('refuses a file that puts no tokens around a text, or names one that is not there', () => {
    assert.throws(
      () => changed('roberta', (file) => (file.post_processor = null)),
      /puts 0 tokens before a text and 0 after it/,
    );
    assert.throws(
      () => changed('roberta', () => undefined, { caseTypes: false, unknownToken: '[NONE]' }),
      /no "\[NONE\]"/,
    );
    assert.throws(() => changed('xlm-roberta', (file) => (file.model.vocab = [['a']])), {
      name: 'ZodError',
    });
    assert.throws(() => TextTokenizer.fromJson('[]'), { name: 'ZodError' });
  });
});

describe('specialTokens', () => {
  const roberta = { type: 'RobertaProcessing', cls: ['<s>', 0], sep: ['</s>', 2] };

  it('looks into sequences, where each adds its own around the one before', () => {
    const sequence = {
      type: 'Sequence',
      processors: [roberta, { type: 'ByteLevel', trim_offsets: true }],
    };
    assert.deepEqual(specialTokens(sequence), { before: [0], after: [2] });
  });

  it('reads templates', () => {
    const template = {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: 'x', type_id: 0 } }],
      special_tokens: { x: { id: 'x', ids: [5, 6], tokens: ['x', 'y'] } },
    };
    assert.deepEqual(specialTokens(template), { before: [], after: [5, 6] });
  });

  it('finds none where there is no such step, and throws for an unknown one', () => {
    assert.deepEqual(specialTokens(null), { before: [], after: [] });
    assert.throws(() => specialTokens({ type: 'Magic' }), { name: 'ZodError' });
  });
});
