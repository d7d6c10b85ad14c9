import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GatewayError } from '../../../src/errors.js';
import { RosterWorld } from '../../support/roster-world.js';

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  fc.record({ kind: fc.constant('make' as const), name, fails: fc.boolean(), big: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('activate' as const, 'retire' as const, 'pin' as const),
    name,
  }),
  fc.record({ kind: fc.constant('pass' as const) }),
);

describe('VariantRoster', () => {
  it('never loses the last variant that serves, the bound on memory or a name, whatever is asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const world = new RosterWorld({ maxWarmBytes: 400 });
        const pending: Promise<void>[] = [];
        for (const each of steps) {
          if (each.kind === 'pass') await new Promise(setImmediate);
          else pending.push(world.ask(each).catch(expected));
          world.check();
        }
        await Promise.all(pending);
        await world.settled();
        world.check();
        for (const { state } of world.registry.list()) {
          assert.ok(['active', 'warm', 'retired'].includes(state), `one is stuck in ${state}`);
        }
        const loaded = world.registry
          .list()
          .filter(({ state }) => state === 'active' || state === 'warm');
        assert.deepEqual(loaded.map((entry) => entry.name).sort(), [...world.held.keys()].sort());
      }),
      { numRuns: 200 },
    );
  });
});

/** Refusals are answers; anything else is a bug. */
function expected(error: unknown): void {
  if (error instanceof GatewayError || (error as Error).message === 'it cannot be loaded') return;
  throw error as Error;
}
