import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isInTime, readAnswer, type Answer } from '../../../loadtest/answer.js';
import { summarize } from '../../../loadtest/summarize.js';

const entity = { label: 'PER', start: 0, end: 4 } as const;
const corpus = [{ text: 'Anna', entities: [entity] }];

function answer(change: {
  latencyMs?: number;
  met?: boolean;
  status?: number;
  body?: string;
}): Answer {
  const { latencyMs = 5, met = true, status = 200 } = change;
  const body = JSON.stringify({
    entities: [entity],
    variant: 'full',
    budget: { requested_ms: 10, met },
  });
  return readAnswer({ sentence: 0, latencyMs, status, body: change.body ?? body });
}

describe('readAnswer', () => {
  it('names a failure by its problem code, else by its status', () => {
    const code = (status: number, body: string) => answer({ status, body }).code;

    assert.equal(code(503, '{"code":"overloaded"}'), 'overloaded');
    assert.equal(code(502, '<html>'), 'http_502');
    assert.equal(code(200, '{"entities":'), 'unreadable');
    assert.equal(code(0, ''), 'no_answer');
  });

  it('takes the arm of the experiment', () => {
    const body = '{"entities":[],"experiment":{"name":"x","arm":"b"}}';

    assert.equal(answer({ body }).arm, 'b');
  });
});

describe('isInTime', () => {
  it('needs the word of the gateway and the clock of the client', () => {
    assert.equal(isInTime(answer({}), 10), true);
    assert.equal(isInTime(answer({ met: false }), 10), false);
    assert.equal(isInTime(answer({ latencyMs: 10.1 }), 10), false);
    assert.equal(isInTime(answer({ status: 503 }), 10), false);
  });
});

describe('summarize', () => {
  it('counts refused, late and failed answers as empty ones in effective F1', () => {
    const answers = [answer({}), answer({ latencyMs: 50 }), answer({ status: 503, body: '{}' })];

    const summary = summarize(answers, { corpus, budgetMs: 10, seconds: 2 });

    // One of three found: precision 1, recall 1/3.
    assert.equal(summary.effectiveF1, 0.5);
    assert.equal(summary.answeredF1, 1);
    assert.equal(Math.round(summary.budgetMetPercent), 33);
    assert.deepEqual(summary.errors, { http_503: 1 });
    assert.deepEqual(summary.variants, { full: 1 });
    assert.deepEqual(summary.entities, { PER: 2 });
  });

  it('keeps refusals out of throughput and latencies', () => {
    const refusal = answer({ status: 503, latencyMs: 0.1, body: '{"code":"overloaded"}' });

    const summary = summarize([answer({}), refusal], { corpus, budgetMs: 10, seconds: 2 });

    assert.equal(summary.requests, 2);
    assert.equal(summary.requestsPerSecond, 0.5);
    assert.equal(summary.latencyMs.p50, 5);
  });
});
