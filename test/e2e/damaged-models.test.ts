import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bringDamaged } from '../support/damaged-at-gateway.js';

describe('200 damaged models that are brought to a gateway', () => {
  it('end in an error or agree, and it serves on', { timeout: 600_000 }, async (context) => {
    const tally = await bringDamaged({ count: 200, firstSeed: 0 });

    context.diagnostic(JSON.stringify(tally));
    // All of it happens, or the damage is not what it should be.
    assert.ok(
      Object.values(tally).every((count) => count > 0),
      JSON.stringify(tally),
    );
  });
});
