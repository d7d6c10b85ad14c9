/** 2,000 damaged models brought to gateways: each is refused or agrees, and every gateway serves on. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bringDamaged } from '../support/damaged-at-gateway.js';

const ROUNDS = 10;
const COUNT = 200;
/** Others than those of the short test. */
const FIRST_SEED = 100_000;

describe('2,000 damaged models that are brought to a gateway', () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const firstSeed = FIRST_SEED + round * COUNT;
    const what = `seeds ${firstSeed} to ${firstSeed + COUNT - 1}`;
    it(`end in an error or agree: ${what}`, { timeout: 1_800_000 }, async (context) => {
      const tally = await bringDamaged({ count: COUNT, firstSeed });

      context.diagnostic(JSON.stringify(tally));
      const ended = Object.values(tally).reduce((sum, count) => sum + count, 0);
      assert.equal(ended, COUNT);
    });
  }
});
