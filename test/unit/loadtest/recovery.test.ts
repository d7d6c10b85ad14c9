import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recoveryOf } from '../../../loadtest/recovery.js';
import type { Outcome, TimedAnswer } from '../../../loadtest/timed-answer.js';

function answerAt(atMs: number, outcome: Outcome, metByServer = outcome === 'in_time') {
  return {
    ...{ atMs, outcome, metByServer, sentence: 0, latencyMs: 5, budgetMs: 10, sendLagMs: 0.1 },
    ...{ code: outcome === 'shed' ? 'overloaded' : 'ok', refusalsMs: [], variant: 'full' },
    ...{ arm: undefined, entities: [] },
  } satisfies TimedAnswer;
}

/** 200 requests/s for so many seconds, evenly; of each 50 ms those of `missed` are refused, as many as it says. */
function load(seconds: number, missed: (second: number) => number): TimedAnswer[] {
  return Array.from({ length: seconds * 20 }, (_, slot) =>
    Array.from({ length: 10 }, (_, index) =>
      answerAt(slot * 50 + index * 5, index < missed(slot / 20) ? 'shed' : 'in_time'),
    ),
  ).flat();
}

const burst = { fromSecond: 3, untilSecond: 5 };

describe('recoveryOf', () => {
  it('is the time from the end of the burst to the first window as good as before', () => {
    const answers = load(8, (second) => (second < 3 ? 0 : second < 5 ? 8 : second < 5.75 ? 5 : 0));

    assert.deepEqual(recoveryOf(answers, { burst, seconds: 8 }), {
      before: 1,
      during: 0.2,
      // The window of half a second from 5.7 on has five of its hundred requests refused, the most that 95 % allow.
      seconds: 0.7,
      windowSeconds: 0.5,
    });
  });

  it('does not count a good window where what follows is bad', () => {
    const answers = load(8, (second) => (second < 3 || (second >= 5 && second < 6) ? 0 : 5));
    const relapse = load(8, (second) => (second >= 6 && second < 7 ? 5 : 0));

    assert.equal(recoveryOf(answers, { burst, seconds: 8 })?.seconds, null);
    // The window from 6.95 on has only the last 50 ms of the relapse, and those before it more.
    assert.equal(recoveryOf(relapse, { burst, seconds: 8 })?.seconds, 1.95);
  });

  it('is 0 where the burst leaves nothing behind', () => {
    const recovery = recoveryOf(
      load(8, () => 1),
      { burst, seconds: 8 },
    );

    assert.deepEqual([recovery?.before, recovery?.seconds], [0.9, 0]);
  });

  it('takes the median of the seconds before the burst, so that one bad one does not make it easy', () => {
    const answers = load(8, (second) => (second < 1 ? 10 : second < 5 ? 0 : 1));
    const recovery = recoveryOf(answers, { burst, seconds: 8 });

    assert.deepEqual([recovery?.before, recovery?.seconds], [1, null]);
  });

  it('has a longer window where requests are rare, but none longer than what follows the burst', () => {
    const rare = (seconds: number) => load(seconds, () => 0).filter((_, index) => index % 8 === 0);

    assert.equal(recoveryOf(rare(10), { burst, seconds: 10 })?.windowSeconds, 4);
    assert.equal(recoveryOf(rare(6), { burst, seconds: 6 })?.windowSeconds, 1);
  });

  it('can go by the word of the gateway alone', () => {
    const late = load(8, () => 0).map(({ atMs }) =>
      answerAt(atMs, atMs < 5000 ? 'in_time' : 'late', true),
    );
    const options = { burst, seconds: 8 };

    assert.equal(recoveryOf(late, options)?.seconds, null);
    const byGateway = recoveryOf(late, { ...options, isGood: ({ metByServer }) => metByServer });
    assert.equal(byGateway?.seconds, 0);
  });

  it('is not known where nothing is before or after the burst, or nothing was good before it', () => {
    const all = load(5, () => 0);

    assert.equal(recoveryOf(all, { burst, seconds: 5 }), undefined);
    const atOnce = { fromSecond: 0, untilSecond: 1 };
    assert.equal(recoveryOf(all, { burst: atOnce, seconds: 5 }), undefined);
    const nothing = load(8, (second) => (second < 3 ? 10 : 0));
    assert.equal(recoveryOf(nothing, { burst, seconds: 8 }), undefined);
  });
});
