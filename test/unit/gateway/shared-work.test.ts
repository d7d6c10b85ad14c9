import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedWork } from '../../../src/gateway/shared-work.js';

/** Work that ends when the test says so. */
function controlled(): {
  start: (signal: AbortSignal) => Promise<string>;
  finish: (value: string) => void;
  fail: (error: Error) => void;
  starts: () => number;
  signal: () => AbortSignal | undefined;
} {
  let starts = 0;
  let finish!: (value: string) => void;
  let fail!: (error: Error) => void;
  let seen: AbortSignal | undefined;
  const start = (signal: AbortSignal): Promise<string> => {
    starts += 1;
    seen = signal;
    return new Promise((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
  };
  return {
    start,
    finish: (value) => finish(value),
    fail: (error) => fail(error),
    starts: () => starts,
    signal: () => seen,
  };
}

const nobodyLeaves = new AbortController().signal;

describe('SharedWork', () => {
  it('runs equal work once and gives all the same result', async () => {
    const work = controlled();
    const shared = new SharedWork<string>();
    const answers = [1, 2, 3].map(() => shared.run('key', nobodyLeaves, work.start));

    work.finish('done');

    assert.deepEqual(await Promise.all(answers), ['done', 'done', 'done']);
    assert.equal(work.starts(), 1);
  });

  it('starts anew once the earlier work is done', async () => {
    const work = controlled();
    const shared = new SharedWork<string>();
    const first = shared.run('key', nobodyLeaves, work.start);
    work.finish('first');
    await first;

    const second = shared.run('key', nobodyLeaves, work.start);
    work.finish('second');

    assert.equal(await second, 'second');
    assert.equal(work.starts(), 2);
  });

  it('goes on for the others when one caller leaves', async () => {
    const work = controlled();
    const shared = new SharedWork<string>();
    const leaver = new AbortController();
    const left = shared.run('key', leaver.signal, work.start);
    const stays = shared.run('key', nobodyLeaves, work.start);

    leaver.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    assert.equal(work.signal()?.aborted, false);

    work.finish('done');
    assert.equal(await stays, 'done');
  });

  it('aborts the work when the last caller leaves', async () => {
    const work = controlled();
    const shared = new SharedWork<string>();
    const leaver = new AbortController();
    const left = shared.run('key', leaver.signal, work.start);

    leaver.abort(new Error('gone'));

    await assert.rejects(left, /gone/);
    assert.equal(work.signal()?.aborted, true);
    assert.equal(shared.has('key'), false);
  });

  it('lets all see a failure and remembers nothing of it', async () => {
    const work = controlled();
    const shared = new SharedWork<string>();
    const answers = [1, 2].map(() => shared.run('key', nobodyLeaves, work.start));

    work.fail(new Error('broken'));

    for (const answer of answers) await assert.rejects(answer, /broken/);
    assert.equal(shared.has('key'), false);
  });
});
