import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VariantRoster } from '../../../src/gateway/variant-roster.js';
import { VariantRegistry } from '../../../src/registry/variant-registry.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { cardOf } from '../../support/cards.js';
import type { LoadVariant } from '../../../src/runtime/protocol.js';

const MEASURED = { provider: 'cpu', profile: { a: 1, b: 0, c: 0 } };
const namesOf = (variants: readonly { name: string }[]) => variants.map(({ name }) => name);

/** `full` and `small` serve, `spare` is loaded only. */
function rosterOf() {
  const registry = new VariantRegistry();
  for (const name of ['full', 'small', 'spare']) {
    registry.add(name, cardOf(name, 0.9), 'path');
    if (name === 'spare') registry.warm(name, MEASURED);
    else registry.activate(name, MEASURED);
  }
  const held: string[][] = [];
  const scheduled: string[][] = [];
  const state = { failure: undefined as Error | undefined };
  const roster = new VariantRoster({
    registry,
    pool: {
      exchange: (variants) => {
        held.push(namesOf(variants));
        return state.failure === undefined ? Promise.resolve() : Promise.reject(state.failure);
      },
      providerOf: () => 'cpu',
    },
    scheduler: { setVariants: (variants) => scheduled.push(namesOf(variants)) },
    metrics: createMetrics({ ofProcess: false }),
    settled: () => Promise.resolve(),
    planOf: ({ name }) => ({ name }) as LoadVariant,
  });
  return { registry, roster, held, scheduled, state };
}

describe('VariantRoster', () => {
  it('retires a variant from the schedule first, then from the workers', async () => {
    const { registry, roster, held, scheduled } = rosterOf();
    await roster.retire('small');
    assert.deepEqual(scheduled, [['full']]);
    assert.deepEqual(held, [['full', 'spare']], 'what is loaded only stays so');
    assert.equal(registry.get('small')?.state, 'retired');
    roster.activate('spare');
    assert.deepEqual(scheduled.at(-1), ['full', 'spare']);
  });

  it('warms a variant beside all that the workers hold', async () => {
    const { registry, roster, held, scheduled } = rosterOf();
    await roster.retire('small');
    registry.reload('small');
    await roster.warm('small', undefined);
    assert.deepEqual(held.at(-1), ['full', 'small', 'spare']);
    assert.equal(registry.get('small')?.profile, MEASURED.profile);
    assert.deepEqual(scheduled, [['full']], 'it does not serve yet');
  });

  it('has what may be in some workers only loaded again before it serves', async () => {
    const { registry, roster, state } = rosterOf();
    state.failure = new Error('the replacement died');
    await assert.rejects(roster.retire('small'), /the replacement died/);
    assert.equal(registry.get('small')?.state, 'retired');
  });

  it('leaves a variant as it was where no worker can load it', async () => {
    const { registry, roster, state, scheduled } = rosterOf();
    await roster.retire('small');
    registry.reload('small');
    state.failure = new Error('broken');
    await assert.rejects(roster.warm('small', undefined), /broken/);
    assert.equal(registry.get('small')?.state, 'loading');
    assert.deepEqual(scheduled, [['full']]);
  });

  it('never retires the last one that serves', async () => {
    const { registry, roster } = rosterOf();
    await roster.retire('small');
    await assert.rejects(roster.retire('full'), { code: 'conflict' });
    assert.equal(registry.get('full')?.state, 'active');
    await assert.rejects(roster.retire('small'), { code: 'conflict' });
  });
});
