import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Patience } from '../../../src/scheduling/patience.js';
import { RecentLoad } from '../../../src/scheduling/recent-load.js';
import { blockingRisk, type RoutingTerms } from '../../../src/scheduling/router.js';

describe('RecentLoad', () => {
  test('follows how busy the workers are within a second, and forgets it again', () => {
    const load = new RecentLoad();
    load.change(1, 0);
    assert.ok(load.at(1000).busyShare > 0.95);
    load.change(0, 1000);
    assert.ok(load.at(2000).busyShare < 0.05);
  });

  test('is the share of time where work comes and goes', () => {
    const load = new RecentLoad();
    for (let now = 0; now < 3000; now += 10) {
      load.change(1, now);
      load.change(0, now + 3);
    }
    assert.ok(Math.abs(load.at(3000).busyShare - 0.3) < 0.05);
  });

  test('knows the typical run from the first on', () => {
    const load = new RecentLoad();
    load.start(8);
    assert.equal(load.at(0).typicalRunMs, 8);
    for (let i = 0; i < 200; i += 1) load.start(2);
    assert.ok(Math.abs(load.at(0).typicalRunMs - 2) < 0.01);
  });
});

describe('blockingRisk', () => {
  const terms = (others: Partial<RoutingTerms['others']>, patienceMs: number[]): RoutingTerms => ({
    price: 0,
    patience: new Patience(patienceMs, 1000),
    others: { busyMs: 0, takenShare: 0.5, typicalRunMs: 4, ...others },
    keepsOthersFeasible: true,
  });

  test('grows with the run while the other worker is often taken, though it is idle now', () => {
    const busy = terms({}, [2, 2]);
    assert.ok(blockingRisk(8, busy) > 0);
    assert.ok(Math.abs(blockingRisk(8, busy) - 2 * blockingRisk(4, busy)) < 1e-12);
    assert.equal(blockingRisk(8, terms({ takenShare: 0 }, [2, 2])), 0);
  });

  test('is nothing where everybody could wait for a typical run', () => {
    assert.equal(blockingRisk(100, terms({}, [4, 40])), 0);
  });

  test('is certain until another worker is free', () => {
    const certain = terms({ busyMs: 6, takenShare: 0 }, [2]);
    assert.ok(blockingRisk(3, certain) < blockingRisk(6, certain));
    assert.equal(blockingRisk(6, certain), blockingRisk(60, certain));
  });

  test('counts the only worker as certain for the whole run', () => {
    const only = terms({ busyMs: Infinity, takenShare: 1 }, [2]);
    assert.ok(blockingRisk(60, only) > blockingRisk(6, only));
  });
});
