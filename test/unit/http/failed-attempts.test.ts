import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { callerOf, FailedAttempts } from '../../../src/http/failed-attempts.js';

function attempts(maxCallers = 3) {
  let at = 1000;
  const counted = new FailedAttempts({ maxFailures: 2, windowMs: 100, maxCallers, now: () => at });
  return { counted, wait: (ms: number) => void (at += ms) };
}

describe('FailedAttempts', () => {
  it('blocks a caller at the limit, and no other, until the window is over', () => {
    const { counted, wait } = attempts();
    counted.add('a');
    assert.equal(counted.blockedForMs('a'), undefined);
    wait(40);
    counted.add('a');

    assert.equal(counted.blockedForMs('a'), 60);
    assert.equal(counted.blockedForMs('b'), undefined);
    wait(60);
    assert.equal(counted.blockedForMs('a'), undefined);
  });

  it('begins a new window after the old one', () => {
    const { counted, wait } = attempts();
    counted.add('a');
    counted.add('a');
    wait(100);
    counted.add('a');

    assert.equal(counted.blockedForMs('a'), undefined);
  });

  it('remembers no more callers than it may, and forgets the oldest first', () => {
    const { counted } = attempts();
    for (const caller of ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd']) counted.add(caller);

    assert.equal(counted.size, 3);
    assert.equal(counted.blockedForMs('a'), undefined);
    assert.deepEqual(
      ['b', 'c', 'd'].map((caller) => counted.blockedForMs(caller)),
      [100, 100, 100],
    );
  });

  it('forgets those whose window is over', () => {
    const { counted, wait } = attempts();
    counted.add('a');
    counted.add('b');
    wait(100);
    counted.add('c');

    assert.equal(counted.size, 1);
  });
});

describe('callerOf', () => {
  for (const [address, caller] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ] as const) {
    it(`takes "${address}" for ${caller || 'nothing'}`, () => {
      assert.equal(callerOf(address), caller);
    });
  }
});
