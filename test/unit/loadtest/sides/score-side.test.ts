import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CorpusSentence } from '../../../../loadtest/corpus/corpus.js';
import { allLabels, sharedLabels } from '../../../../loadtest/sides/read-entities.js';
import { scoreSide } from '../../../../loadtest/sides/score-side.js';

const corpus: CorpusSentence[] = Array.from({ length: 20 }, () => ({
  text: 'Oslo is Norwegian',
  entities: [
    { label: 'LOC', start: 0, end: 4 },
    { label: 'MISC', start: 8, end: 17 },
  ],
}));

describe('scoreSide', () => {
  it('scores each sentence once, over all types and over those that every side knows', async () => {
    const asked: CorpusSentence[] = [];
    const find = (sentence: CorpusSentence) => {
      asked.push(sentence);
      return Promise.resolve(sentence.entities.slice(0, 1));
    };

    const score = await scoreSide({ labels: allLabels, find }, corpus);

    assert.deepEqual(score, { f1: 2 / 3, sharedF1: 1 });
    assert.deepEqual(asked, corpus);
  });

  it('gives no F1 over all types to a side that does not know them all', async () => {
    const find = (sentence: CorpusSentence) => Promise.resolve(sentence.entities.slice(0, 1));

    const score = await scoreSide({ labels: sharedLabels, find }, corpus);

    assert.deepEqual(score, { f1: null, sharedF1: 1 });
  });

  it('refuses a side that finds nothing', async () => {
    const silent = { labels: allLabels, find: () => Promise.resolve([]) };

    await assert.rejects(scoreSide(silent, corpus), /finds no entity in 20 sentences/);
  });
});
