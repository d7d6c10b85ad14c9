import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadCorpus } from '../../../../loadtest/corpus/corpus.js';
import { planPoints } from '../../../../loadtest/growth/axes.js';
import { loadSeconds, outcomeOf, roundMsOf } from '../../../../loadtest/growth/measure-point.js';
import { textsOfLength } from '../../../../loadtest/growth/texts-of-length.js';
import { TextTokenizer } from '../../../../src/ner/tokenizer.js';

const corpus = loadCorpus();
const tokenizer = TextTokenizer.fromFile('models/tokenizer/tokenizer.json');

describe('textsOfLength', () => {
  for (const tokens of [1, 8, 33, 300]) {
    it(`gives distinct texts of ${tokens} tokens, as the model counts them`, async () => {
      const texts = await textsOfLength(tokens, { corpus, tokenizer, count: 40 });

      for (const text of texts) assert.equal((await tokenizer.encode(text)).ids.length, tokens);
      assert.ok(tokens === 1 || new Set(texts).size === 40);
    });
  }

  it('goes round the corpus for texts that are longer than it', async () => {
    const two = corpus.slice(0, 2);

    const [text] = await textsOfLength(500, { corpus: two, tokenizer, count: 1 });

    assert.equal((await tokenizer.encode(text!)).ids.length, 500);
  });
});

describe('planPoints', () => {
  const values = { length: [16, 8], connections: [2, 1], variants: [3], texts: [1, 2] };
  const plan = (axes: Parameters<typeof planPoints>[0]['axes'], saturating = 4) =>
    planPoints({ values, axes, saturating, corpus, tokenizer });

  it('puts the values of each axis in rising order, alone first and then at full load', async () => {
    const points = await plan(['length', 'variants']);

    assert.deepEqual(
      points.map(({ axis, value, copies, connections }) => [axis, value, copies, connections]),
      [
        ['length', 8, 1, [1, 4]],
        ['length', 16, 1, [1, 4]],
        ['variants', 3, 3, [1, 4]],
      ],
    );
  });

  it('measures connections at their number alone', async () => {
    const points = await plan(['connections']);

    assert.deepEqual(
      points.map(({ connections }) => connections),
      [[1], [2]],
    );
  });

  it('does not measure one connection twice', async () => {
    assert.deepEqual((await plan(['variants'], 1))[0]!.connections, [1]);
  });

  it('sends so many sentences of the corpus in a request, each request from its own place', async () => {
    const [, two] = await plan(['texts']);

    assert.deepEqual(two!.fieldsOf(0), { texts: [corpus[0]!.text, corpus[1]!.text] });
    assert.deepEqual(two!.fieldsOf(corpus.length - 1), {
      texts: [corpus.at(-1)!.text, corpus[0]!.text],
    });
  });
});

describe('loadSeconds', () => {
  it('is the duration, longer where answers are slow or none came, ten times as long at most', () => {
    assert.equal(loadSeconds(5, 100), 5);
    assert.equal(loadSeconds(5, 4000), 12);
    assert.equal(loadSeconds(5, 1e6), 50);
    assert.equal(loadSeconds(5, NaN), 50);
  });
});

describe('roundMsOf', () => {
  const exchange = (status: number) => ({ sentence: 0, status, latencyMs: 1, body: '' });

  it('is how long all connections took for one answer each, at the rate of the warm-up', () => {
    const exchanges = [exchange(200), exchange(200), exchange(503), exchange(0)];

    assert.equal(roundMsOf({ exchanges, seconds: 1 }, 1024), 512_000);
  });

  it('is nothing without a warm-up, and unknown without an answer in it', () => {
    assert.equal(roundMsOf(undefined, 8), 0);
    assert.equal(roundMsOf({ exchanges: [exchange(503)], seconds: 1 }, 8), NaN);
  });
});

describe('outcomeOf', () => {
  const outcome = (status: number, body: object) =>
    outcomeOf({ sentence: 0, latencyMs: 1, status, body: JSON.stringify(body) });

  it('is ok for an answer, and for results without any error', () => {
    assert.equal(outcome(200, { entities: [] }), 'ok');
    assert.equal(outcome(200, { results: [{ entities: [] }, { entities: [] }] }), 'ok');
  });

  it('is the code of what failed, the whole request or one of its texts', () => {
    assert.equal(outcome(503, { code: 'overloaded' }), 'overloaded');
    const results = [{ entities: [] }, { error: { code: 'deadline_exceeded' } }];
    assert.equal(outcome(200, { results }), 'deadline_exceeded');
    assert.equal(outcome(200, { something: 'else' }), 'unreadable');
    assert.equal(outcomeOf({ sentence: 0, latencyMs: 1, status: 0, body: '' }), 'no_answer');
  });
});
