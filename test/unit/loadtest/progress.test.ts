import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { formatSeconds, formatStep, startProgress } from '../../../loadtest/progress.js';

const steps = [
  { label: 'one', seconds: 12 },
  { label: 'two', seconds: 60 },
];

describe('formatStep', () => {
  it('tells step and time left, less what has passed of the step', () => {
    assert.equal(formatStep(steps, 0), '1/2 one, 1 min 12 s left');
    assert.equal(formatStep(steps, 1, 20.5), '2/2 two, 40 s left');
  });
});

describe('formatSeconds', () => {
  it('rounds up and never goes below zero', () => {
    assert.equal(formatSeconds(59.2), '1 min 0 s');
    assert.equal(formatSeconds(-3), '0 s');
  });
});

describe('startProgress', () => {
  it('prints one plain line per step where there is no terminal', () => {
    const stream = new PassThrough();
    const progress = startProgress({ steps, stream, now: () => 0 });

    progress.next();
    progress.next();
    progress.stop();

    assert.equal(String(stream.read()), '1/2 one, 1 min 12 s left\n2/2 two, 1 min 0 s left\n');
  });

  it('takes a step in between that was not planned', () => {
    const stream = new PassThrough();
    const progress = startProgress({ steps, stream, now: () => 0 });

    progress.next();
    progress.next({ label: 'more', seconds: 3 });
    progress.next();
    progress.stop();

    const [, second, third] = String(stream.read()).split('\n');
    assert.deepEqual([second, third], ['2/3 more, 1 min 3 s left', '3/3 two, 1 min 0 s left']);
  });

  it('draws a bar that a terminal overwrites', () => {
    const stream = Object.assign(new PassThrough(), {
      isTTY: true,
      columns: 100,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
    });
    let now = 0;
    const progress = startProgress({ steps, stream, now: () => now });

    progress.next();
    now = 30_000;
    progress.next();
    progress.stop();

    assert.match(String(stream.read()), /2\/2 two/);
  });
});
