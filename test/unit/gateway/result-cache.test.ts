import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ResultCache, type CacheQuestion } from '../../../src/gateway/result-cache.js';

const question: CacheQuestion = {
  family: 'a',
  text: 'Zoë in Paris',
  aggregation: 'viterbi',
  overflow: 'chunk',
};
const answer = { spans: [{ label: 'LOC', start: 7, end: 12, score: 0.9 }], truncated: false };

describe('ResultCache', () => {
  it('answers the same question for the same variant', () => {
    const cache = new ResultCache(10_000);
    cache.set('digest-a', cache.questionKey(question), answer);
    assert.equal(cache.get('digest-a', cache.questionKey({ ...question })), answer);
  });

  it('keeps variants, texts and options apart', () => {
    const cache = new ResultCache(10_000);
    cache.set('digest-a', cache.questionKey(question), answer);

    assert.equal(cache.get('digest-b', cache.questionKey(question)), undefined);
    const others: Partial<CacheQuestion>[] = [
      { family: 'b' },
      { text: 'Zoë in Paris ' },
      { aggregation: 'simple' },
      { overflow: 'truncate' },
    ];
    for (const other of others) {
      const key = cache.questionKey({ ...question, ...other });
      assert.equal(cache.get('digest-a', key), undefined);
    }
  });

  it('is bounded in bytes: old answers go', () => {
    const cache = new ResultCache(5_000);
    const keys = Array.from({ length: 100 }, (_, i) =>
      cache.questionKey({ ...question, text: `text ${i}` }),
    );
    for (const key of keys) cache.set('digest', key, answer);

    const kept = keys.filter((key) => cache.get('digest', key) !== undefined);

    assert.ok(kept.length > 0 && kept.length < 20, `${kept.length} answers were kept`);
    assert.ok(kept.includes(keys.at(-1)!));
  });

  it('keeps nothing where it may have no bytes', () => {
    const cache = new ResultCache(0);
    cache.set('digest', cache.questionKey(question), answer);
    assert.equal(cache.get('digest', cache.questionKey(question)), undefined);
  });

  it('does not hold the text', () => {
    const cache = new ResultCache(10_000);
    assert.ok(!cache.questionKey(question).includes('Paris'));
  });
});
