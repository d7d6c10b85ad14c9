/** 2,000 damaged models: the answer of the compressor to each is a model or a typed error. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressDamaged } from '../support/mutations.js';

test(
  '2,000 damaged models are refused with typed errors or compressed',
  { timeout: 600_000 },
  () => {
    const { made, refused } = compressDamaged(2000, 1000);

    assert.ok(made > 100 && refused > 500, `${made} made, ${refused} refused`);
  },
);
