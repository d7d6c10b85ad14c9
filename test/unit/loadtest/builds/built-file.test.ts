import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findBuiltFile, isOwnCard } from '../../../../loadtest/builds/built-file.js';
import type { CardFacts } from '../../../../loadtest/model-card.js';
import { cardOf } from '../../../support/cards.js';

const parent = cardOf('full', 0.9) as CardFacts;
const bytes = Buffer.from('a model');
const sha256 = createHash('sha256').update(bytes).digest('hex');

describe('the file of a variant that was made and not kept', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-built-file-'));
  before(() => {
    // Another build that has no card yet.
    mkdirSync(path.join(folder, 'entier-built-1-a'));
    const made = path.join(folder, 'entier-built-1-b');
    mkdirSync(made);
    writeFileSync(path.join(made, 'model.onnx'), bytes);
    const card = { ...cardOf('made', 0.9), sha256, sizeBytes: bytes.length };
    writeFileSync(path.join(made, 'card.json'), JSON.stringify(card));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is found by the name on its card, with digest and size of its bytes', () => {
    const file = findBuiltFile(folder, 'made');

    assert.deepEqual([file.sha256, file.sizeBytes], [sha256, bytes.length]);
    assert.ok(isOwnCard(file, parent));
    assert.throws(() => findBuiltFile(folder, 'other'), /holds no variant "other"/);
  });

  it('has no card of its own where digest or size are those of another file', () => {
    const file = findBuiltFile(folder, 'made');
    const wrong = [
      { ...file, sha256: parent.sha256 },
      { ...file, sizeBytes: 3 },
      { ...file, card: parent },
    ];

    for (const one of wrong) assert.equal(isOwnCard(one, parent), false);
    assert.equal(isOwnCard(file, { ...parent, sha256 }), false, 'the bytes of the parent');
  });
});
