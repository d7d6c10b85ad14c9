import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VariantRegistry } from '../../../src/registry/variant-registry.js';
import { cardOf } from '../../support/cards.js';

const measured = { provider: 'cpu', profile: { a: 1, b: 0, c: 0 } };

function registryOf(qualities: Record<string, number>): VariantRegistry {
  const registry = new VariantRegistry();
  for (const [name, f1] of Object.entries(qualities)) registry.add(name, cardOf(name, f1), 'path');
  return registry;
}

describe('VariantRegistry', () => {
  it('serves only what was activated, best first', () => {
    const registry = registryOf({ small: 0.8, large: 0.9, unused: 0.95 });

    registry.activate('small', measured);
    registry.activate('large', measured);

    assert.deepEqual(
      registry.active().map(({ name }) => name),
      ['large', 'small'],
    );
  });

  it('takes a variant that fails out of service and says why', () => {
    const registry = registryOf({ a: 0.9 });
    registry.activate('a', measured);

    registry.fail('a', 'its file is gone');

    assert.deepEqual(registry.active(), []);
    assert.equal(registry.get('a')?.detail, 'its file is gone');
  });

  it('keeps the order of the manifest among equals', () => {
    const registry = registryOf({ second: 0.9, first: 0.9 });
    registry.activate('first', measured);
    registry.activate('second', measured);
    assert.equal(registry.active()[0]?.name, 'second');
  });

  it('does not bring a failed variant back', () => {
    const registry = registryOf({ a: 0.9 });
    registry.fail('a', 'broken');
    assert.throws(() => registry.activate('a', measured), /failed and cannot become active/);
  });
});
