import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../src/config.js';
import { checkExperiments, tiersWithoutCascade } from '../../../src/gateway/start-checks.js';
import { VariantRegistry } from '../../../src/registry/variant-registry.js';
import { calibrationOf, cardOf } from '../../support/cards.js';

const tiers = { quick: { budgetMs: 20, policy: 'cascade' }, standard: 200 };
const config = loadConfig({
  env: {},
  readFile: () => JSON.stringify({ tiers }),
});

function registryOf(calibrated: boolean): VariantRegistry {
  const registry = new VariantRegistry();
  for (const [name, f1, a] of [
    ['full', 0.93, 8],
    ['tiny', 0.88, 1],
  ] as const) {
    const card = cardOf(name, f1);
    registry.add(name, calibrated ? { ...card, calibration: calibrationOf(1) } : card, 'good');
    registry.activate(name, { provider: 'cpu', profile: { a, b: 0, c: 0 } });
  }
  return registry;
}

describe('tiersWithoutCascade', () => {
  it('names the tiers that ask for a cascade where the variants make none', () => {
    assert.deepEqual(tiersWithoutCascade(config, registryOf(false)), ['quick']);
  });

  it('names none where the variants make one', () => {
    assert.deepEqual(tiersWithoutCascade(config, registryOf(true)), []);
  });
});

describe('checkExperiments', () => {
  const withArm = (variant: string) => {
    const arms = ['full', variant].map((each) => ({ name: each, variant: each, weight: 1 }));
    const experiments = [{ name: 'trial', share: 1, arms }];
    return loadConfig({ env: {}, readFile: () => JSON.stringify({ experiments }) });
  };

  it('takes arms that are loaded, and refuses those that are retired or not there', () => {
    const registry = registryOf(false);
    registry.add('whole', cardOf('whole', 0.9), 'good');
    registry.retire('whole');

    checkExperiments(withArm('tiny'), registry);
    assert.throws(
      () => checkExperiments(withArm('whole'), registry),
      /arm on whole, which the manifest retires/,
    );
    assert.throws(
      () => checkExperiments(withArm('none'), registry),
      /arm on none, which is not in the manifest/,
    );
  });
});
