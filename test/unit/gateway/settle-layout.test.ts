import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import {
  representatives,
  settleLayout,
  type SettleLayoutOptions,
} from '../../../src/gateway/settle-layout.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';
import { MeasurementStore } from '../../../src/registry/measurement-store.js';
import { VariantRegistry } from '../../../src/registry/variant-registry.js';
import { cardOf } from '../../support/cards.js';

const tokenizer = TextTokenizer.fromFile('models/tokenizer/tokenizer.json');
const auto = { workers: 'auto', threads: 'auto' } as const;

function optionsFor(cores: number, change: Partial<SettleLayoutOptions>): SettleLayoutOptions {
  return {
    wanted: auto,
    registry: new VariantRegistry(),
    providers: ['cpu'],
    store: new MeasurementStore('/nowhere'),
    host: { cpuModel: 'some CPU', cpuFlags: '', cores, runtime: 'a runtime' },
    openExchange: () => assert.fail('nothing is measured'),
    hostPath: '/nowhere/worker-host.js',
    tokenizer,
    now: () => 0,
    logger: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    ...change,
  };
}

describe('settleLayout', () => {
  it('does what the configuration says, without a measurement', async () => {
    const wanted = { workers: 3, threads: 2 };
    assert.deepEqual(await settleLayout(optionsFor(8, { wanted })), {
      ...wanted,
      chosenBy: 'configuration',
    });
  });

  it('fills in by the rule what the configuration leaves open', async () => {
    const workersOnly = optionsFor(8, { wanted: { workers: 2, threads: 'auto' } });
    assert.deepEqual(await settleLayout(workersOnly), {
      workers: 2,
      threads: 4,
      chosenBy: 'configuration',
    });
    const threadsOnly = optionsFor(8, { wanted: { workers: 'auto', threads: 4 } });
    assert.deepEqual(await settleLayout(threadsOnly), {
      workers: 2,
      threads: 4,
      chosenBy: 'configuration',
    });
  });

  it('measures nothing for a GPU or on a single core', async () => {
    assert.deepEqual(await settleLayout(optionsFor(8, { providers: ['cuda', 'cpu'] })), {
      workers: 1,
      threads: 8,
      chosenBy: 'rule',
    });
    assert.deepEqual(await settleLayout(optionsFor(1, {})), {
      workers: 1,
      threads: 1,
      chosenBy: 'rule',
    });
  });
});

describe('representatives', () => {
  const sized = (...sizes: number[]) =>
    sizes.map((sizeBytes) => ({ ...cardOf(`size-${sizeBytes}`, 0.9), sizeBytes }));
  const sizesOf = (...sizes: number[]): number[] =>
    representatives(sized(...sizes)).map(({ sizeBytes }) => sizeBytes);

  it('are the largest and the one in the middle', () => {
    assert.deepEqual(sizesOf(45, 23, 19, 34, 17, 14), [19, 45]);
    assert.deepEqual(sizesOf(3, 1, 2), [2, 3]);
  });

  it('are all of two, and the only one', () => {
    assert.deepEqual(sizesOf(2, 1), [1, 2]);
    assert.deepEqual(sizesOf(1), [1]);
  });
});
