import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newCard, type NewVariant } from '../../../src/building/new-card.js';
import type { Precision } from '../../../src/compress/recipe.js';
import { wasBuilt } from '../../../src/registry/built-variants.js';
import { cardSchema, type Card } from '../../../src/registry/card.js';
import { calibrationOf, cardOf } from '../../support/cards.js';

const parent: Card = {
  ...cardOf('big', 0.9),
  providers: ['cpu', 'cuda'],
  calibration: calibrationOf(1.5),
  evaluation: { test: { f1: 0.88 } },
  latency: { ms: { '1x32': 5 } },
};

function made(of: Card, precision: Precision = 'int8'): Card {
  const variant: NewVariant = {
    job: {
      name: 'small',
      parent: of,
      parentModelPath: '',
      tokenizerPath: '',
      recipe: { precision },
      outputDir: '',
      minAgreement: 0,
      threads: 2,
      maxMemoryBytes: 1e9,
    },
    made: {
      recipe: { precision, layers: [0, 1], ffn: 1, heads: 1, embeddings: 'float' },
      notes: ['left alone: something'],
      parameters: 7,
      removed: { layers: 0, heads: 0, channels: 0 },
      quantized: 3,
    },
    sha256: 'a'.repeat(64),
    sizeBytes: 5,
    reference: [{ text: 'In Rome', entities: [{ label: 'LOC', start: 3, end: 7 }] }],
    measurement: { profile: { a: 1, b: 0.1, c: 0 }, agreement: 0.95, measuredAt: 'now' },
    host: { cpuModel: 'A CPU', cpuFlags: 'avx2 avx_vnni', cores: 2 },
    runtimeVersion: '1.2.3',
    createdAt: 'then',
  };
  return newCard(variant);
}

describe('newCard', () => {
  it('is a valid card of a built variant, with its own facts', () => {
    const card = cardSchema.parse(made(parent));

    assert.ok(wasBuilt(card));
    assert.ok(!wasBuilt(parent));
    assert.equal(card.parent, 'big');
    assert.equal(card.sha256, 'a'.repeat(64));
    assert.equal(card.parameters, 7);
    assert.equal(card.description, 'big, made smaller: int8, layers 0 1.');
    assert.deepEqual(card.provenance.notes, ['left alone: something']);
    assert.deepEqual(card.provenance.parent, { name: 'big', sha256: parent.sha256 });
    assert.equal((card.latency?.ms as Record<string, number>)['1x32'], 4.2);
    assert.equal(card.latency?.threads, 2);
  });

  it('passes on nothing that was measured for the parent', () => {
    const card = made(parent);
    assert.equal(card.calibration, undefined);
    assert.deepEqual(card.evaluation, { agreement: { with: 'big', f1: 0.95, sentences: 1 } });
    assert.equal(card.reference[0]?.text, 'In Rome');
  });

  it("estimates its F1 from its parent's, and knows no more than the agreement with an unknown one", () => {
    assert.deepEqual(made(parent).quality, {
      value: 0.855,
      measure: 'entity_f1',
      split: 'validation',
      source: 'estimated',
    });
    const ofUnknown = made({ ...parent, quality: null });
    assert.deepEqual(ofUnknown.quality, {
      value: 0.95,
      measure: 'agreement',
      split: 'reference',
      source: 'measured',
    });
    assert.deepEqual(made(ofUnknown).quality, {
      value: 0.9025,
      measure: 'agreement',
      split: 'reference',
      source: 'estimated',
    });
  });

  it('takes what its parent tells of this cut before what the agreement says', () => {
    const f1 = { f1: { validation: 0.8123 } };
    const cuts = [{ layers: [0, 1], heads: 1, ffn: 1, fp32: f1, int8: f1 }];
    const card = made({ ...parent, evaluation: { cuts: { cuts } } }, 'fp16-stored');
    assert.deepEqual([card.quality?.value, card.quality?.source], [0.8123, 'estimated']);
  });

  it('is for the CPU where it computes with integers, and for GPUs too in halves', () => {
    const cpuOnly: Card = { ...parent, providers: ['cpu'] };
    for (const precision of ['int8', 'w8', 'w4'] as const) {
      assert.deepEqual(made(parent, precision).providers, ['cpu']);
    }
    assert.deepEqual(made(cpuOnly, 'fp16-compute').providers, ['cpu', 'cuda']);
    assert.deepEqual(made(parent, 'fp16-stored').providers, ['cpu', 'cuda']);
    assert.deepEqual(made(cpuOnly, 'fp32').providers, ['cpu']);
  });
});
