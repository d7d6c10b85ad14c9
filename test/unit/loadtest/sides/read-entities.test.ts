import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entitiesOfSpacy, entitiesOfTokens } from '../../../../loadtest/sides/read-entities.js';
import { TextTokenizer } from '../../../../src/ner/tokenizer.js';

describe('entitiesOfSpacy', () => {
  it('gives persons, organisations and places our labels and drops all else', () => {
    const types = ['PERSON', 'ORG', 'GPE', 'LOC', 'FAC', 'NORP', 'DATE', 'PRODUCT', 'PER'];

    const entities = entitiesOfSpacy(
      types.map((label, place) => ({ label, start: place, end: place + 1 })),
    );

    assert.deepEqual(
      entities.map(({ label, start }) => `${label} ${start}`),
      ['PER 0', 'ORG 1', 'LOC 2', 'LOC 3', 'LOC 4'],
    );
  });
});

describe('entitiesOfTokens', () => {
  const tokenizer = TextTokenizer.fromFile('models/tokenizer/tokenizer.json');
  const find = async (text: string, tokens: [string, number][]) => {
    const encoded = await tokenizer.encode(text);
    const labelled = tokens.map(([entity, index]) => ({ entity, index }));
    return entitiesOfTokens(labelled, encoded).map(
      ({ label, start, end }) => `${label} ${Array.from(text).slice(start, end).join('')}`,
    );
  };

  it('joins I- to the entity before it, and counts [CLS] as token 0', async () => {
    const found = await find('Anna Berg met Leo Berg', [
      ['B-PER', 1],
      ['I-PER', 2],
      ['B-PER', 4],
      ['I-PER', 5],
    ]);

    assert.deepEqual(found, ['PER Anna Berg', 'PER Leo Berg']);
  });

  it('begins an entity at B-, at another type and behind a gap', async () => {
    const found = await find('Anna Berg met Leo Berg', [
      ['B-PER', 1],
      ['B-PER', 2],
      ['I-PER', 4],
      ['I-LOC', 5],
    ]);

    assert.deepEqual(found, ['PER Anna', 'PER Berg', 'PER Leo', 'LOC Berg']);
  });

  it('gives offsets in code points, and drops tokens that are not of the text', async () => {
    const found = await find('\u{1F600} Oslo', [
      ['B-MISC', 0],
      ['B-LOC', 2],
      ['B-MISC', 3],
    ]);

    assert.deepEqual(found, ['LOC Oslo']);
  });
});
