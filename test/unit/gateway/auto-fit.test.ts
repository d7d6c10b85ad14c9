import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { autoFit, unmetTiers } from '../../../src/gateway/auto-fit.js';
import { VariantRegistry } from '../../../src/registry/variant-registry.js';
import { activeVariant, cardOf } from '../../support/cards.js';
import type { BuildView, FitRequest } from '../../../src/gateway/build-view.js';

const TIERS = { realtime: 10, interactive: { budgetMs: 50, policy: 'best' as const }, batch: 2000 };

function serving(aMs: number) {
  return [{ ...activeVariant('full', 0.9), profile: { a: aMs, b: 0, c: 0 } }];
}

describe('unmetTiers', () => {
  it('are those whose budget is too short for a run and what comes with it, tightest first', () => {
    const names = (ms: number) =>
      unmetTiers({ autoFit: true, tiers: TIERS }, serving(ms)).map(({ name }) => name);
    assert.deepEqual(names(8), []);
    assert.deepEqual(names(9.5), ['realtime']);
    assert.deepEqual(names(100), ['realtime', 'interactive']);
  });

  it('are none where nobody wants them', () => {
    assert.deepEqual(unmetTiers({ autoFit: false, tiers: TIERS }, serving(100)), []);
    assert.deepEqual(unmetTiers({ autoFit: true, tiers: TIERS }, []), []);
    const one = unmetTiers({ autoFit: ['interactive'], tiers: TIERS }, serving(100));
    assert.deepEqual(
      one.map(({ name }) => name),
      ['interactive'],
    );
  });

  it('are by default those of models that were evaluated', () => {
    const [variant] = serving(100);
    const foreign = { ...variant!, card: { ...cardOf('full', 0.9), quality: null } };
    assert.equal(unmetTiers({ autoFit: 'auto', tiers: TIERS }, [variant!]).length, 2);
    assert.deepEqual(unmetTiers({ autoFit: 'auto', tiers: TIERS }, [foreign]), []);
  });
});

describe('autoFit', () => {
  const logger = pino({ level: 'silent' });
  const gate = { minAgreementOfPrecision: 0.97, minAgreementOfCuts: 0.8 };
  const config = { autoFit: true, tiers: TIERS, gate };

  function slowRegistry(): VariantRegistry {
    const registry = new VariantRegistry();
    registry.add('full', cardOf('full', 0.9), 'full/model.onnx');
    registry.activate('full', { provider: 'cpu', profile: { a: 100, b: 0, c: 0 } });
    return registry;
  }

  it('makes one variant for all tiers that it meets', async () => {
    const registry = slowRegistry();
    const asked: FitRequest[] = [];
    const admin = {
      requestFit: (request: FitRequest) => {
        asked.push(request);
        return { id: 'b1' } as BuildView;
      },
      ended: () => {
        registry.add('small', cardOf('small', 0.8), 'small/model.onnx');
        registry.activate('small', { provider: 'cpu', profile: { a: 5, b: 0, c: 0 } });
        return Promise.resolve({ state: 'active' } as BuildView);
      },
    };

    await autoFit({ config, registry, admin, logger });

    assert.deepEqual(
      asked.map(({ maxMs, minAgreement, keep }) => [maxMs, minAgreement, keep]),
      [[9, 0.8, false]],
    );
  });

  it('tries each tier once, and goes on where one cannot be met or asked for', async () => {
    const asked: number[] = [];
    const admin = {
      requestFit: ({ maxMs }: FitRequest) => {
        asked.push(maxMs);
        if (asked.length === 1) throw new Error('the queue is full');
        return { id: 'b1' } as BuildView;
      },
      ended: () => Promise.resolve({ state: 'failed' } as BuildView),
    };

    await autoFit({ config, registry: slowRegistry(), admin, logger });

    assert.deepEqual(asked, [9, 49]);
  });
});
