import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { safeWeightBits } from '../../../src/building/weight-bits.js';

describe('safeWeightBits', () => {
  it('takes 8 bits where the CPU adds products of 8 bits exactly', () => {
    for (const flag of ['avx512_vnni', 'avx_vnni', 'amx_int8']) {
      assert.equal(safeWeightBits({ cpuFlags: `avx2 ${flag}` }, 'x64'), 8);
    }
  });

  it('takes 7 bits on x86 without them, and where nothing is known of it', () => {
    assert.equal(safeWeightBits({ cpuFlags: 'avx2 avx512f' }, 'x64'), 7);
    assert.equal(safeWeightBits({ cpuFlags: '' }, 'x64'), 7);
  });

  it('takes 8 bits on ARM', () => {
    assert.equal(safeWeightBits({ cpuFlags: '' }, 'arm64'), 8);
  });
});
