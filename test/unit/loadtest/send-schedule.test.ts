import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reply } from '../../../loadtest/ner-client.js';
import { sendSchedule } from '../../../loadtest/send-schedule.js';

const planned = (atMs: number) => ({ atMs, sentence: atMs, budgetMs: 10 });

/** Replies with the statuses given, one after the other; each takes 2 ms to be sent and 10 to be answered. */
function scripted(statuses: number[], now: { ms: number }) {
  const bodies: string[] = [];
  const send = (body: string): Promise<Reply> => {
    bodies.push(body);
    const sentAt = now.ms + 2;
    const reply = { status: statuses.shift() ?? 200, body: 'x', sentAt, answeredAt: sentAt + 10 };
    now.ms = reply.answeredAt;
    return Promise.resolve(reply);
  };
  return { bodies, send };
}

function run(statuses: number[], retries: number) {
  const now = { ms: 100 };
  const { bodies, send } = scripted(statuses, now);
  const sent = sendSchedule({
    schedule: [planned(0)],
    bodyOf: ({ sentence }) => `body ${sentence}`,
    send,
    pace: ({ onDue }) => {
      // Half a millisecond late.
      onDue(0, now.ms - 0.5);
      return Promise.resolve();
    },
    retries,
  });
  return sent.then(([one]) => ({ one: one!, bodies }));
}

describe('sendSchedule', () => {
  it('counts lag and latency from the intended instant', async () => {
    const { one } = await run([200], 0);

    assert.deepEqual(
      [one.sendLagMs, one.latencyMs, one.status, one.refusalsMs],
      [2.5, 12.5, 200, []],
    );
  });

  it('sends a refused request again at once, and counts its latency to the last reply', async () => {
    const { one, bodies } = await run([503, 503, 200], 3);

    assert.deepEqual(bodies, ['body 0', 'body 0', 'body 0']);
    assert.deepEqual(
      [one.sendLagMs, one.latencyMs, one.status, one.refusalsMs],
      [2.5, 36.5, 200, [12.5, 12]],
    );
  });

  it('gives up after the retries, and retries nothing but refusals', async () => {
    const refused = await run([503, 503, 503], 1);
    const failed = await run([500], 3);

    assert.deepEqual([refused.one.status, refused.bodies.length], [503, 2]);
    assert.deepEqual([failed.one.status, failed.bodies.length], [500, 1]);
  });

  it('does not wait for an answer before it sends the next request', async () => {
    const answers: (() => void)[] = [];
    let sent = 0;
    const all = await sendSchedule({
      schedule: [planned(0), planned(5)],
      bodyOf: () => '',
      send: () => {
        sent++;
        return new Promise((resolve) => {
          const reply = { status: 200, body: '', sentAt: 0, answeredAt: 0 };
          answers.push(() => resolve(reply));
        });
      },
      pace: ({ offsetsMs, onDue }) => {
        for (const [index, offset] of offsetsMs.entries()) onDue(index, offset);
        assert.equal(sent, 2);
        for (const answer of answers.toReversed()) answer();
        return Promise.resolve();
      },
      retries: 0,
    });

    assert.deepEqual(
      all.map(({ atMs }) => atMs),
      [0, 5],
    );
  });
});
