import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildTurn, isOverloaded } from '../../../src/gateway/build-turn.js';
import { activeVariant } from '../../support/cards.js';

const ACTIVE = [
  { ...activeVariant('full', 0.93), profile: { a: 6, b: 0, c: 0 } },
  { ...activeVariant('small', 0.9), profile: { a: 1, b: 0, c: 0 } },
];

function load(change: { price?: number; jobs?: number; lateJobs?: number }) {
  const { price = 0, jobs = 0, lateJobs = 0 } = change;
  const scheduler = { price: () => price, depth: () => ({ jobs, lateJobs, tokens: 0 }) };
  return { scheduler, active: () => ACTIVE };
}

describe('isOverloaded', () => {
  it('is so when the price of time leaves nothing but the cheapest variant, and work waits', () => {
    // From .006 F1 per ms on the 5 ms that full takes longer are not worth its .03.
    assert.equal(isOverloaded(load({ price: 0.005, jobs: 9 })), false);
    assert.equal(isOverloaded(load({ price: 0.007, jobs: 9 })), true);
    assert.equal(isOverloaded(load({ price: 0.007, jobs: 0 })), false, 'a price of the past');
  });

  it('is so when late work waits', () => {
    assert.equal(isOverloaded(load({ jobs: 1, lateJobs: 1 })), true);
  });

  it('with a single variant is so at any price', () => {
    const single = { ...load({ price: 1e-6, jobs: 1 }), active: () => ACTIVE.slice(1) };
    assert.equal(isOverloaded(single), true);
    assert.equal(isOverloaded({ ...load({ jobs: 1 }), active: () => ACTIVE.slice(1) }), false);
  });
});

describe('buildTurn', () => {
  it('is at once without overload', async () => {
    await buildTurn({ ...load({}), now: () => 0 }, new AbortController().signal);
  });

  it('comes when half a second was calm', async () => {
    let now = 0;
    const depths = [3, 3, 0, 3, 0, 0, 0, 0, 0];
    const seen: number[] = [];
    const scheduler = {
      price: () => 1,
      depth: () => {
        now += 200;
        const jobs = depths[seen.length] ?? 0;
        seen.push(jobs);
        return { jobs, lateJobs: 0, tokens: 0 };
      },
    };
    const turn = { scheduler, active: () => ACTIVE, now: () => now };
    await buildTurn(turn, new AbortController().signal);
    assert.deepEqual(seen, [3, 3, 0, 3, 0, 0, 0]);
  });

  it('comes after 30 s of overload, and when its build is cancelled', async () => {
    let now = 0;
    const depth = () => {
      now += 4_000;
      return { jobs: 1, lateJobs: 1, tokens: 1 };
    };
    const lasting = { ...load({}), scheduler: { price: () => 0, depth }, now: () => now };
    await buildTurn(lasting, new AbortController().signal);
    assert.ok(now >= 30_000);

    const cancelled = { ...load({ lateJobs: 1 }), now: () => 0 };
    await buildTurn(cancelled, AbortSignal.abort());
  });
});
