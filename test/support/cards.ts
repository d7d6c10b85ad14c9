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

export function activeVariant(name: string, f1: number): ActiveVariant {
  return {
    name,
    state: 'active',
    card: cardOf(name, f1),
    modelPath: 'good',
    provider: 'cpu',
    profile: { a: 1, b: 0.01, c: 0 },
    detail: undefined,
  };
}
