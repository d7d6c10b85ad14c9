import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foreignConfig, type ForeignConfig } from '../../../src/building/foreign-config.js';
import { ModelFolderError } from '../../../src/building/model-folder-error.js';
import { taggingOf } from '../../../src/building/tagging-of.js';

const id2label = { 0: 'O', 1: 'B-X', 2: 'I-X' };

function read(config: unknown, tokenizerConfig?: unknown): ForeignConfig {
  return foreignConfig({
    config: typeof config === 'string' ? config : JSON.stringify(config),
    tokenizerConfig: tokenizerConfig === undefined ? undefined : JSON.stringify(tokenizerConfig),
  });
}

function refusal(config: unknown, tokenizerConfig?: unknown): string {
  try {
    read(config, tokenizerConfig);
  } catch (error) {
    assert.ok(error instanceof ModelFolderError, String(error));
    return error.message;
  }
  return 'taken';
}

describe('foreignConfig', () => {
  it('puts the labels in the order of their ids', () => {
    const { labels } = read({ id2label: { 2: 'I-X', 10: 'c', ...ten(), 0: 'O', 1: 'B-X' } });
    assert.deepEqual(labels.slice(0, 3), ['O', 'B-X', 'I-X']);
    assert.equal(labels[10], 'c');
  });

  it('takes windows as long as there are positions, 512 at most', () => {
    const longest = (config: object, tokenizer?: object): number =>
      read({ id2label, ...config }, tokenizer).maxLength;
    assert.equal(longest({ model_type: 'bert', max_position_embeddings: 512 }), 512);
    assert.equal(
      longest({ model_type: 'roberta', max_position_embeddings: 514, pad_token_id: 1 }),
      512,
    );
    assert.equal(
      longest({ model_type: 'xlm-roberta', max_position_embeddings: 130, pad_token_id: 1 }),
      128,
    );
    assert.equal(longest({ model_type: 'modernbert', max_position_embeddings: 8192 }), 512);
    assert.equal(longest({ model_type: 'deberta-v2', max_position_embeddings: 64 }), 512);
    assert.equal(longest({ max_position_embeddings: 512 }, { model_max_length: 128 }), 128);
    assert.equal(longest({}, { model_max_length: 1e30 }), 512);
  });

  it('reads the names of special tokens, as text or as objects', () => {
    const { unknownToken, padToken } = read(
      { id2label },
      { unk_token: { content: '<unk>' }, pad_token: '<pad>' },
    );
    assert.deepEqual([unknownToken, padToken], ['<unk>', '<pad>']);
    assert.equal(read({ id2label }, { unk_token: null }).unknownToken, undefined);
  });

  it('names file and field of what is wrong', () => {
    assert.match(refusal('{'), /^config\.json: it is not JSON$/);
    assert.match(refusal('[]'), /^config\.json: /);
    assert.match(refusal({}), /^config\.json: id2label: /);
    assert.match(refusal({ id2label: { 0: 'O' } }), /id2label: a tagger has two labels at least/);
    assert.match(refusal({ id2label: { 0: 'O', 2: 'X' } }), /a label for each of 0 to 1/);
    assert.match(refusal({ id2label: { 0: 'O', 1: '' } }), /^config\.json: id2label\.1: /);
    assert.match(refusal({ id2label: { 0: 'O', 1: 'O' } }), /two labels are named "O"/);
    assert.match(refusal({ id2label, vocab_size: 'many' }), /^config\.json: vocab_size: /);
    assert.match(refusal({ id2label, max_position_embeddings: 4 }), /at least 8 are needed/);
    assert.match(refusal({ id2label }, { unk_token: 3 }), /^tokenizer_config\.json: unk_token/);
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, id) => [id, `L${id}`]));
    assert.match(refusal({ id2label: many }), /1001 labels, at most 1000 are taken/);
  });
});

function ten(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 7 }, (_, id) => [id + 3, `x${id}`]));
}

describe('taggingOf', () => {
  const labels = ['O', 'B-X', 'I-X'];
  const begun = (label: string, count: number): Parameters<typeof taggingOf>[1] =>
    Array.from({ length: count }, () => ({
      text: 'Ann Lee',
      tokens: [
        { label, start: 0, end: 3, score: 1 },
        { label: 'I-X', start: 4, end: 7, score: 1 },
      ],
    }));

  it('sees from what a model answers whether spans begin with I-', () => {
    assert.equal(taggingOf(labels, begun('I-X', 20)), 'iob1');
    assert.equal(taggingOf(labels, begun('B-X', 20)), 'iob2');
    assert.equal(taggingOf(labels, [...begun('I-X', 11), ...begun('B-X', 20)]), 'iob2');
  });

  it('does not go by a few, nor where spans have ends', () => {
    assert.equal(taggingOf(labels, begun('I-X', 5)), 'iob2');
    assert.equal(taggingOf([...labels, 'E-X'], begun('I-X', 20)), 'iob2');
  });
});
