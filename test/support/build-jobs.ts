/** Builds of the fixture's random model, in folders of their own. */

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BuildJob } from '../../src/building/build-job.js';
import { cardSchema, type Card } from '../../src/registry/card.js';

const TINY = 'test/fixtures/models/tiny';

export const tinyCard: Card = cardSchema.parse(
  JSON.parse(readFileSync(path.join(TINY, 'card.json'), 'utf8')),
);

export interface TestJob extends Disposable {
  readonly job: BuildJob;
}

/** An int8 build of the fixture that passes the gate whatever it answers; `change` has the last word. */
export function tinyJob(change: Partial<BuildJob> = {}): TestJob {
  const outputDir = mkdtempSync(path.join(tmpdir(), 'entier-build-'));
  return {
    job: {
      name: 'tiny-made',
      parent: tinyCard,
      parentModelPath: path.join(TINY, 'model.onnx'),
      tokenizerPath: 'test/fixtures/models/tokenizer/tokenizer.json',
      recipe: { precision: 'int8' },
      outputDir,
      minAgreement: 0,
      threads: 1,
      maxMemoryBytes: 4e9,
      ...change,
    },
    [Symbol.dispose]: () => rmSync(outputDir, { recursive: true, force: true }),
  };
}

/** Parent facts of a model that was changed: its file is written to `dir`, its digest is that of the card. */
export function changedParent(
  dir: string,
  bytes: Uint8Array,
  card: Partial<Card> = {},
): Pick<BuildJob, 'parent' | 'parentModelPath'> {
  const parentModelPath = path.join(dir, 'parent.onnx');
  writeFileSync(parentModelPath, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { parent: { ...tinyCard, ...card, sha256, sizeBytes: bytes.length }, parentModelPath };
}
