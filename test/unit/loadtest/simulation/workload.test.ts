import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCorpus } from '../../../../loadtest/corpus/corpus.js';
import { seededRandom } from '../../../../loadtest/random.js';
import { sampleTrace } from '../../../../loadtest/simulation/sampled-trace.js';
import { textShapes } from '../../../../loadtest/simulation/text-shapes.js';
import { steadyWorkload } from '../../../support/workloads.js';

test('the same seed draws the same requests, another seed others', () => {
  assert.deepEqual(steadyWorkload(200, 3, 1), steadyWorkload(200, 3, 1));
  assert.notDeepEqual(steadyWorkload(200, 3, 1), steadyWorkload(200, 3, 2));
});

test('requests come in order, within the time, at the rates of the seconds', () => {
  const { size, arrivalAt, forMs } = steadyWorkload(2000, 5);

  assert.equal(forMs, 5000);
  assert.ok(Math.abs(size - 10_000) < 400);
  assert.ok(arrivalAt.every((at, i) => at < forMs && (i === 0 || at >= arrivalAt[i - 1]!)));
});

test('a trace with few requests is played whole, at the mean rate that is asked for', () => {
  const rates = sampleTrace([10, 30, 20, 20], {
    meanPerSecond: 100,
    maxRequests: 1000,
    random: seededRandom(1),
  });

  assert.deepEqual(rates, [50, 150, 100, 100]);
});

test('of a trace with many requests stretches from all of its parts are played', () => {
  const trace = Array.from({ length: 300 }, (_, second) => 1 + second);
  const sampled = sampleTrace(trace, {
    meanPerSecond: 150,
    maxRequests: 9000,
    random: seededRandom(1),
  });

  assert.equal(sampled.length, 60);
  for (let part = 0; part < 30; part += 1) {
    const [first, second] = sampled.slice(2 * part) as [number, number];
    assert.ok(second > first, 'two seconds in a row');
    assert.ok(first > 10 * part && second <= 10 * (part + 1));
  }
});

test('texts have the token counts of the tokenizer, and more entities are expected in longer ones', async () => {
  const corpus = loadCorpus();
  const shapes = await textShapes(corpus, 'models');

  assert.equal(shapes.length, corpus.length);
  const [short, long] = [corpus[1]!, corpus.find(({ text }) => text.length > 400)!].map(
    (sentence) => shapes[corpus.indexOf(sentence)]!,
  );
  // "zambia" "##n", 17 more words and signs, and the two special tokens.
  assert.equal(short!.tokens, 21);
  assert.ok(long!.tokens > 80 && long!.entities > short!.entities);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const labelled = sum(corpus.map(({ entities }) => entities.length));
  assert.ok(Math.abs(sum(shapes.map(({ entities }) => entities)) - labelled) < 0.02 * labelled);
});
