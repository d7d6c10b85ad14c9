import { familyOf } from '../../src/registry/family-of.js';
import type { Card } from '../../src/registry/card.js';
import type { ActiveVariant } from '../../src/registry/variant-registry.js';

export const LABELS = [
  'O',
  'B-PER',
  'I-PER',
  'B-ORG',
  'I-ORG',
  'B-LOC',
  'I-LOC',
  'B-MISC',
  'I-MISC',
] as const;

/** A valid card without a model behind it. */
export function cardOf(name: string, f1: number): Card {
  return {
    schemaVersion: 1,
    name,
    task: 'token-classification',
    description: 'A card for tests.',
    parent: null,
    recipe: { precision: 'fp32' },
    file: 'model.onnx',
    sha256: Buffer.from(name.padEnd(32, '.')).toString('hex').slice(0, 64),
    sizeBytes: 1,
    parameters: 1,
    labels: [...LABELS],
    inputs: { caseTypes: true, maxLength: 64 },
    tokenizer: { directory: 'tokenizer', sha256: '0'.repeat(64) },
    providers: ['cpu'],
    quality: { value: f1, measure: 'entity_f1', split: 'validation', source: 'measured' },
    evaluation: {},
    reference: [{ text: 'x', entities: [] }],
    provenance: {},
  };
}

/** A calibration as `scripts.calibrate` writes it, with made-up figures. */
export function calibrationOf(temperature: number): NonNullable<Card['calibration']> {
  const error = {
    validation: { before: 0.03, after: 0.01 },
    test: { before: 0.05, after: 0.02 },
  };
  return {
    temperature,
    fittedOn: 'validation',
    expectedCalibrationError: { token: error, entity: error },
    marginToError: { margin: [0, 0.5, 1], errorProbability: [0.6, 0.2, 0.01] },
    marginQuality: {
      test: { auroc: 0.8, brier: 0.1, brierOfBaseRate: 0.12, wrongShare: 0.14, texts: 100 },
    },
  };
}

export function activeVariant(name: string, f1: number): ActiveVariant {
  return {
    name,
    state: 'active',
    card: cardOf(name, f1),
    family: familyOf(cardOf(name, f1)),
    modelPath: 'good',
    provider: 'cpu',
    profile: { a: 1, b: 0.01, c: 0 },
    detail: undefined,
  };
}
