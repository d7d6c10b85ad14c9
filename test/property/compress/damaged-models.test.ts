import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressDamaged } from '../../support/mutations.js';

test(
  'a damaged model is refused with a typed error or compressed, never anything else',
  {
    timeout: 120_000,
  },
  () => {
    const { made, refused } = compressDamaged(200, 0);

    // Both happen, or the damage is not what it should be.
    assert.ok(made > 10, `${made} made`);
    assert.ok(refused > 50, `${refused} refused`);
  },
);
