import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { clausePatterns } from '../../../loadtest/corpus/clause-patterns.js';
import {
  corpusPath,
  loadCorpus,
  parseSentence,
  wordTokens,
} from '../../../loadtest/corpus/corpus.js';
import { generateCorpus } from '../../../loadtest/corpus/generate-corpus.js';
import { sentencePatterns } from '../../../loadtest/corpus/sentence-patterns.js';

describe('the corpus', () => {
  const corpus = loadCorpus();
  const lengths = corpus.map(({ text }) => wordTokens(text).length);

  it('has at least 600 sentences, all distinct, from at least 80 patterns', () => {
    const patterns = [...sentencePatterns, ...Object.values(clausePatterns).flat()];

    assert.ok(corpus.length >= 600);
    assert.equal(new Set(corpus.map(({ text }) => text)).size, corpus.length);
    assert.ok(new Set(patterns).size >= 80);
  });

  it('has sentences of 8 to 120 tokens, most of them of 10 to 30 and some of more than 40', () => {
    for (const [index, length] of lengths.entries()) {
      assert.ok(length >= 8 && length <= 120, `${length} tokens: ${corpus[index]!.text}`);
    }
    const middling = lengths.filter((length) => length >= 10 && length <= 30).length;
    assert.ok(middling > corpus.length / 2);
    assert.ok(lengths.filter((length) => length > 40).length >= 50);
  });

  it('labels what begins and ends with a letter, a digit or a sign of a name, in Latin-1', () => {
    for (const { text, entities } of corpus) {
      assert.match(text, /^[\u0020-\u00ff]+$/);
      for (const { start, end } of entities) {
        const cut = Array.from(text).slice(start, end).join('');
        assert.match(cut, /^[\p{Lu}\d].*[\p{L}\d]$/u);
        assert.doesNotMatch(text[end] ?? ' ', /\p{L}/u);
        assert.doesNotMatch(text[start - 1] ?? ' ', /\p{L}/u);
      }
    }
  });

  it('has all four labels, each at least 300 times', () => {
    const labels = corpus.flatMap(({ entities }) => entities.map(({ label }) => label));

    for (const label of ['PER', 'ORG', 'LOC', 'MISC']) {
      assert.ok(labels.filter((one) => one === label).length >= 300, label);
    }
  });

  it('is what generating it again gives, byte for byte', () => {
    const lines = generateCorpus().map((sentence) => `${JSON.stringify(sentence)}\n`);

    assert.equal(lines.join(''), readFileSync(corpusPath, 'utf8'));
  });
});

describe('parseSentence', () => {
  const parse = (entities: object[]) =>
    parseSentence(JSON.stringify({ text: 'Åse', entities }), 'f:3');

  it('takes entities that lie in the text, in code points', () => {
    assert.equal(parse([{ label: 'PER', start: 0, end: 3 }]).entities.length, 1);
  });

  it('refuses an unknown label, an end after the text and overlaps, and names the line', () => {
    assert.throws(() => parse([{ label: 'DATE', start: 0, end: 3 }]), /f:3: unknown label DATE/);
    assert.throws(() => parse([{ label: 'PER', start: 0, end: 4 }]), /f:3: entity 0-4/);
    const overlapping = [
      { label: 'PER', start: 0, end: 2 },
      { label: 'LOC', start: 1, end: 3 },
    ];
    assert.throws(() => parse(overlapping), /f:3: entities overlap/);
    assert.throws(() => parseSentence('{"text": 1}', 'f:3'), /f:3: expected/);
  });
});
