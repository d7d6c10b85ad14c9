import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestsInFlight } from '../../../src/gateway/requests-in-flight.js';
import { activeVariant } from '../../support/cards.js';
import type { RoutingPlan } from '../../../src/gateway/routing-plan.js';

function planOf(...names: string[]): RoutingPlan {
  const allowed = names.map((name) => activeVariant(name, 0.9));
  return { allowed, forced: undefined, assignment: null };
}

describe('RequestsInFlight', () => {
  it('waits for the requests that a variant may answer, and for no others', async () => {
    const inFlight = new RequestsInFlight();
    const both = planOf('a', 'b');
    const other = planOf('b');
    inFlight.add(both);
    inFlight.add(other);
    let left = false;
    const waiting = inFlight.whenNoneAllows('a').then(() => (left = true));

    await inFlight.whenNoneAllows('c');
    inFlight.delete(other);
    await Promise.resolve();
    assert.equal(left, false);

    inFlight.delete(both);
    await waiting;
    assert.equal(inFlight.size, 0);
  });

  it('tells all who wait when none is left', async () => {
    const inFlight = new RequestsInFlight();
    await inFlight.whenNone();
    const plan = planOf('a');
    inFlight.add(plan);
    const waiting = [inFlight.whenNone(), inFlight.whenNoneAllows('a')];
    inFlight.delete(plan);
    await Promise.all(waiting);
  });
});
