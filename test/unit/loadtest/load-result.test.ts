import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadResultOf } from '../../../loadtest/load-result.js';
import { readTimedAnswer, type TimedAnswer } from '../../../loadtest/timed-answer.js';

const entity = { label: 'PER', start: 0, end: 4 } as const;
const corpus = [{ text: 'Anna', entities: [entity] }];

interface Change {
  atMs?: number;
  budgetMs?: number;
  latencyMs?: number;
  met?: boolean;
  status?: number;
  variant?: string;
  refusalsMs?: number[];
  code?: string;
}

function answer(change: Change): TimedAnswer {
  const { atMs = 0, budgetMs = 10, latencyMs = 5, status = 200, refusalsMs = [] } = change;
  const { met = true, variant = 'full', code = 'some_code' } = change;
  const content =
    status === 200
      ? { entities: [entity], variant, budget: { requested_ms: budgetMs, met } }
      : { code };
  const body = JSON.stringify(content);
  return readTimedAnswer({
    ...{ atMs, budgetMs, latencyMs, status, refusalsMs, body },
    ...{ sentence: 0, sendLagMs: 0.1 },
  });
}

describe('readTimedAnswer', () => {
  it('is in time by the clock of the client and the word of the gateway', () => {
    assert.equal(answer({}).outcome, 'in_time');
    assert.equal(answer({ latencyMs: 10.1 }).outcome, 'late');
    assert.equal(answer({ met: false }).outcome, 'late');
  });

  it('is late where the gateway gave up, shed where it refused, and failed else', () => {
    assert.equal(answer({ status: 504 }).outcome, 'late');
    assert.equal(answer({ status: 503 }).outcome, 'shed');
    assert.equal(answer({ status: 500 }).outcome, 'failed');
    assert.equal(answer({ status: 0 }).outcome, 'failed');
  });
});

describe('loadResultOf', () => {
  const answers = [
    answer({ refusalsMs: [3], latencyMs: 8 }),
    answer({ latencyMs: 20, variant: 'small' }),
    answer({ atMs: 1500, status: 503, refusalsMs: [2, 4], latencyMs: 6, code: 'overloaded' }),
    answer({ atMs: 1600, budgetMs: 50, latencyMs: 20, variant: 'full' }),
  ];
  const result = loadResultOf(answers, { corpus, seconds: 2, burst: undefined });

  it('counts what was offered, sent with retries, answered, and in time, per second', () => {
    const { offeredPerSecond, sentPerSecond, answeredPerSecond, goodputPerSecond } = result;

    assert.deepEqual(
      [offeredPerSecond, sentPerSecond, answeredPerSecond, goodputPerSecond],
      [2, 3, 1.5, 1],
    );
  });

  it('has a late and a shed request as empty answers in effective F1', () => {
    const { effectiveF1, answeredF1, inTimePercent, metByGatewayPercent } = result.all;

    // Two of four found: precision 1, recall 1/2.
    assert.equal(effectiveF1, 2 / 3);
    assert.equal(answeredF1, 1);
    assert.deepEqual([inTimePercent, metByGatewayPercent], [50, 75]);
    assert.deepEqual(result.all.errors, { overloaded: 1 });
    assert.deepEqual(result.all.variants, { full: 2 / 3, small: 1 / 3 });
  });

  it('has figures for each budget, the smallest first, with latencies of answers alone', () => {
    assert.deepEqual(
      result.budgets.map(({ budgetMs, requests, inTime, late, shed, failed }) => {
        return [budgetMs, requests, inTime, late, shed, failed];
      }),
      [
        [10, 3, 1, 1, 1, 0],
        [50, 1, 1, 0, 0, 0],
      ],
    );
    assert.equal(result.histograms[0]!.histogram.totalCount, 2);
    assert.ok(Math.abs(result.budgets[0]!.latencyMs.p50 - 8) < 0.01);
  });

  it('measures each refusal, of retried requests too', () => {
    assert.ok(Math.abs(result.refusalMs!.max - 4) < 0.01);
    assert.ok(Math.abs(result.refusalMs!.p50 - 3) < 0.01);
    const without = loadResultOf([answer({})], { corpus, seconds: 1, burst: undefined });
    assert.equal(without.refusalMs, undefined);
  });

  it('tells second by second what became of the requests', () => {
    assert.deepEqual(result.timeline, [
      {
        ...{ second: 0, requests: 2, inTime: 1, late: 1, shed: 0, failed: 0 },
        variants: { full: 1 },
      },
      {
        ...{ second: 1, requests: 2, inTime: 1, late: 0, shed: 1, failed: 0 },
        variants: { full: 1 },
      },
    ]);
  });
});
