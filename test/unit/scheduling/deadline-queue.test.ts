import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeadlineQueue } from '../../../src/scheduling/deadline-queue.js';

interface Item {
  readonly id: number;
  readonly at: number;
}

function drainOrder(queue: DeadlineQueue<Item>): Item[] {
  const seen: Item[] = [];
  queue.some((item) => {
    seen.push(item);
    return false;
  });
  return seen;
}

test('DeadlineQueue visits the earliest instant first, and equal ones by id', () => {
  const queue = new DeadlineQueue<Item>(({ at }) => at);
  for (const [id, at] of [
    [1, 30],
    [2, 10],
    [4, 20],
    [3, 20],
  ] as const) {
    queue.add({ id, at });
  }

  assert.deepEqual(
    drainOrder(queue).map(({ id }) => id),
    [2, 3, 4, 1],
  );
  assert.equal(queue.head()?.id, 2);
  assert.equal(queue.find(({ at }) => at > 10)?.id, 3);
});

test('DeadlineQueue does not remove an item that only looks like one it holds', () => {
  const queue = new DeadlineQueue<Item>(({ at }) => at);
  queue.add({ id: 1, at: 5 });

  assert.equal(queue.remove({ id: 1, at: 5 }), false);
  assert.equal(queue.remove({ id: 2, at: 50 }), false);
  assert.equal(queue.size, 1);
});

test('DeadlineQueue stays sorted and complete through thousands of inserts and removals', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(500), { minLength: 1, maxLength: 1500 }),
      fc.nat(),
      (instants, seed) => {
        const queue = new DeadlineQueue<Item>(({ at }) => at);
        const items = instants.map((at, id) => ({ id, at }));
        for (const item of items) queue.add(item);
        const kept = items.filter(({ id }) => (id * 7919 + seed) % 3 !== 0);
        for (const item of items) {
          if (!kept.includes(item)) assert.equal(queue.remove(item), true);
        }

        const expected = [...kept].sort((one, other) => one.at - other.at || one.id - other.id);
        assert.deepEqual(drainOrder(queue), expected);
        assert.equal(queue.size, kept.length);
      },
    ),
    { numRuns: 40 },
  );
});
