import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultFloor } from '../../../src/building/agreement-floor.js';
import { nameOfBuild } from '../../../src/building/variant-name.js';
import { variantName } from '../../../src/names.js';
import { cardOf } from '../../support/cards.js';

describe('nameOfBuild', () => {
  it('tells parent, cuts and precision', () => {
    assert.equal(nameOfBuild('full', { precision: 'int8' }), 'full-int8');
    assert.equal(
      nameOfBuild('full', { layers: [0, 2, 4], ffn: 0.75, heads: 0.5, precision: 'w4' }),
      'full-l024-ffn75-heads50-w4',
    );
    assert.equal(nameOfBuild('full', { layers: [0, 11], ffn: 0.125 }), 'full-l0.11-ffn12.5');
    assert.equal(nameOfBuild('a', { precision: 'int8', weightBits: 7 }), 'a-int8-7bit');
  });

  it('is a name that a variant may have, however long', () => {
    const layers = Array.from({ length: 48 }, (_, layer) => layer);
    const name = nameOfBuild('a-model-of-many-layers', { layers, precision: 'fp16-stored' });
    assert.ok(variantName.safeParse(name).success, name);
  });
});

describe('defaultFloor', () => {
  it('is .97 where only the precision changes and .80 for cuts', () => {
    const parent = { ...cardOf('a', 0.9), recipe: { precision: 'fp32', layers: [0, 1] } };
    assert.equal(defaultFloor({ precision: 'int8' }, parent), 0.97);
    assert.equal(defaultFloor({ precision: 'int8', layers: [0, 1] }, parent), 0.97);
    assert.equal(defaultFloor({ precision: 'int8', layers: [0] }, parent), 0.8);
    assert.equal(defaultFloor({ ffn: 0.5 }, parent), 0.8);
  });
});
