import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  cardSchema,
  MAX_SENTENCE_CHARS,
  MAX_SENTENCES,
  type Card,
} from '../../../src/registry/card.js';
import { cardText } from '../../../src/registry/card-text.js';
import { cardOf } from '../../support/cards.js';

const [first, second] = [
  { text: 'Über "Rom"\n', entities: [{ label: 'LOC', start: 6, end: 9 }] },
  { text: 'Nobody.', entities: [] },
];

function isValid(reference: Card['reference']): boolean {
  return cardSchema.safeParse({ ...cardOf('full', 0.9), reference }).success;
}

describe('cardText', () => {
  it('is the card, with a line for each sentence at the end', () => {
    const card = { ...cardOf('full', 0.9), reference: [first, second] };
    const text = cardText(card);

    assert.deepEqual(cardSchema.parse(JSON.parse(text)), card);
    assert.deepEqual(text.split('\n').slice(-6), [
      '  "reference": [',
      `    ${JSON.stringify(first)},`,
      `    ${JSON.stringify(second)}`,
      '  ]',
      '}',
      '',
    ]);
    assert.ok(text.startsWith('{\n  "schemaVersion": 1,\n'));
  });

  it('is what the Python pipeline writes', () => {
    const written = readFileSync('models/full/card.json', 'utf8');
    const lines = written.split('\n');
    const ours = cardText(cardSchema.parse(JSON.parse(written))).split('\n');
    const sentences = lines.indexOf('  "reference": [');

    assert.ok(sentences > 0);
    assert.deepEqual(ours.slice(ours.indexOf('  "reference": [')), lines.slice(sentences));
  });
});

describe('the reference of a card', () => {
  it('is bounded', () => {
    assert.ok(isValid(Array.from({ length: MAX_SENTENCES }, () => second)));
    assert.ok(!isValid(Array.from({ length: MAX_SENTENCES + 1 }, () => second)));
    assert.ok(isValid([{ text: 'x'.repeat(MAX_SENTENCE_CHARS), entities: [] }]));
    assert.ok(!isValid([{ text: 'x'.repeat(MAX_SENTENCE_CHARS + 1), entities: [] }]));
    assert.ok(!isValid([]));
  });
});
