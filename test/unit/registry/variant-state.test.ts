import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VariantRegistry } from '../../../src/registry/variant-registry.js';
import { mayBecome, VARIANT_STATES } from '../../../src/registry/variant-state.js';
import { cardOf } from '../../support/cards.js';

const MEASURED = { provider: 'cpu', profile: { a: 1, b: 0, c: 0 } };

describe('the states of a variant', () => {
  it('lead from a request to service and out of it again', () => {
    const registry = new VariantRegistry();
    const told: string[] = [];
    registry.onChange = ({ from, to }) => told.push(`${from ?? 'new'} ${to}`);
    registry.request('x');
    registry.build('x');
    registry.pass('x', { card: cardOf('x', 0.9), modelPath: 'x/model.onnx' });
    registry.warm('x', MEASURED);
    registry.activate('x');
    assert.deepEqual(
      registry.active().map(({ name }) => name),
      ['x'],
    );
    registry.standDown('x');
    assert.deepEqual(registry.active(), []);
    registry.retire('x');
    registry.reload('x');
    registry.warm('x');
    registry.activate('x');
    assert.equal(registry.get('x')?.profile, MEASURED.profile);
    assert.deepEqual(told, [
      'new requested',
      'requested building',
      'building gated',
      'gated warm',
      'warm active',
      'active warm',
      'warm retired',
      'retired loading',
      'loading warm',
      'warm active',
    ]);
  });

  it('never let a variant serve that was not measured', () => {
    const registry = new VariantRegistry();
    registry.add('x', cardOf('x', 0.9), 'x/model.onnx');
    assert.throws(() => registry.activate('x'), /unmeasured/);
  });

  it('allow no step back from failure but to be forgotten', () => {
    const next = VARIANT_STATES.filter((state) => mayBecome('failed', state));
    assert.deepEqual(next, ['failed']);
    assert.ok(mayBecome('failed', 'gone'));
  });

  it('keep a name for one variant', () => {
    const registry = new VariantRegistry();
    registry.request('x');
    assert.throws(() => registry.request('x'), /already/);
    registry.forget('x');
    registry.request('x');
  });
});
