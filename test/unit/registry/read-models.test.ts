import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import {
  ModelsError,
  readModels,
  verifiedTokenizerPath,
} from '../../../src/registry/read-models.js';
import { cardOf } from '../../support/cards.js';

const root = mkdtempSync(path.join(tmpdir(), 'entier-models-'));
after(() => rmSync(root, { recursive: true }));

/** A models folder with a manifest and, per variant, the text of its card. */
function modelsDir(name: string, manifest: unknown, cards: Record<string, string> = {}): string {
  const dir = path.join(root, name);
  mkdirSync(dir);
  writeFileSync(path.join(dir, 'manifest.json'), JSON.stringify(manifest));
  for (const [variant, card] of Object.entries(cards)) {
    mkdirSync(path.join(dir, variant));
    writeFileSync(path.join(dir, variant, 'card.json'), card);
  }
  return dir;
}

const manifestOf = (...variants: string[]): unknown => ({ schemaVersion: 1, variants });
const card = (name: string, change: Record<string, unknown> = {}): string =>
  JSON.stringify({ ...cardOf(name, 0.9), ...change });

describe('readModels', () => {
  it('reads the variants of the manifest in its order', async () => {
    const dir = modelsDir('good', manifestOf('b', 'a'), { a: card('a'), b: card('b') });

    const registry = await readModels(dir);

    assert.deepEqual(
      registry.list().map(({ name, state, modelPath }) => [name, state, modelPath]),
      [
        ['b', 'loading', path.join(dir, 'b', 'model.onnx')],
        ['a', 'loading', path.join(dir, 'a', 'model.onnx')],
      ],
    );
  });

  it('fails a variant whose card is missing, not JSON, incomplete or of another name, and keeps the rest', async () => {
    const dir = modelsDir(
      'bad-cards',
      manifestOf('ok', 'gone', 'text', 'hollow', 'liar', 'extra'),
      {
        ok: card('ok'),
        text: 'not json',
        hollow: '{}',
        liar: card('other'),
        extra: card('extra', { surprise: 1 }),
      },
    );

    const registry = await readModels(dir);

    const details = Object.fromEntries(registry.list().map(({ name, detail }) => [name, detail]));
    assert.equal(registry.get('ok')?.state, 'loading');
    assert.equal(details.gone, 'its card.json cannot be read (ENOENT)');
    assert.match(details.text ?? '', /^its card\.json is not JSON/);
    assert.match(details.hollow ?? '', /sha256/);
    assert.match(details.liar ?? '', /names another variant, other/);
    assert.match(details.extra ?? '', /surprise/);
    assert.ok(!JSON.stringify(details).includes(dir), 'no path reaches the callers of /readyz');
  });

  it('keeps variants of another family apart: their texts are encoded or decoded otherwise', async () => {
    const dir = modelsDir('families', manifestOf('a', 'b'), {
      a: card('a'),
      b: card('b', { labels: ['O', 'B-DRUG'] }),
    });
    const registry = await readModels(dir);

    assert.equal(registry.get('b')?.state, 'loading');
    assert.equal(registry.defaultFamily, registry.get('a')?.family);
    assert.notEqual(registry.get('b')?.family, registry.defaultFamily);
  });

  it('has a variant that the manifest lists as retired, and does not load it', async () => {
    const listed = { schemaVersion: 1, variants: ['a', 'b'], retired: ['b'] };
    const registry = await readModels(modelsDir('retired', listed, { a: card('a'), b: card('b') }));

    assert.deepEqual(
      registry.list().map(({ name, state }) => [name, state]),
      [
        ['a', 'loading'],
        ['b', 'retired'],
      ],
    );
    registry.reload('b');
    assert.equal(registry.get('b')?.state, 'loading');
  });

  it('lets nothing that is retired be the default, wherever it is listed', async () => {
    const listed = { schemaVersion: 1, variants: ['drugs', 'a'], retired: ['drugs'] };
    const drugs = card('drugs', { labels: ['O', 'B-DRUG'] });
    const registry = await readModels(modelsDir('first', listed, { a: card('a'), drugs }));

    assert.deepEqual(
      registry.list().map(({ name }) => name),
      ['a', 'drugs'],
    );
    assert.equal(registry.defaultFamily, registry.get('a')?.family);
    assert.match(registry.get('drugs')?.detail ?? '', /not loaded, but others can be made of it/);
  });

  it('refuses a manifest that retires all of its variants, or one that it does not list', async () => {
    for (const [name, retired, said] of [
      ['all-retired', ['a'], /a variant must be left/],
      ['stranger', ['b'], /b is retired, but not among the variants/],
    ] as const) {
      const dir = modelsDir(name, { schemaVersion: 1, variants: ['a'], retired });
      await assert.rejects(readModels(dir), said);
    }
  });

  it('refuses a folder without a usable manifest', async () => {
    await assert.rejects(readModels(path.join(root, 'nowhere')), ModelsError);
    await assert.rejects(readModels(modelsDir('empty', manifestOf())), ModelsError);
    await assert.rejects(readModels(modelsDir('escape', manifestOf('../etc'))), ModelsError);
    await assert.rejects(
      readModels(modelsDir('reserved', manifestOf('auto'))),
      /requests ask for routing/,
    );
  });

  it('tells the operator where the manifest is, and others only what is wrong', async () => {
    for (const dir of [path.join(root, 'nowhere'), modelsDir('bare', manifestOf())]) {
      await assert.rejects(readModels(dir), (error) => {
        assert.ok(error instanceof ModelsError);
        assert.ok(error.message.startsWith(path.join(dir, 'manifest.json')), error.message);
        assert.match(error.detail, /^manifest\.json (cannot be read \(ENOENT\)|is wrong)/);
        assert.ok(!error.detail.includes(root), error.detail);
        return true;
      });
    }
  });
});

describe('verifiedTokenizerPath', () => {
  it('refuses a tokenizer that is not the one of the cards', async () => {
    const dir = modelsDir('tokenizer', manifestOf('a'), {});
    mkdirSync(path.join(dir, 'tokenizer'));
    writeFileSync(path.join(dir, 'tokenizer', 'tokenizer.json'), '{}');
    await assert.rejects(verifiedTokenizerPath(dir, cardOf('a', 0.9)), /sha256/);
  });

  it('refuses a missing tokenizer', async () => {
    const dir = modelsDir('no-tokenizer', manifestOf('a'), {});
    await assert.rejects(verifiedTokenizerPath(dir, cardOf('a', 0.9)), /cannot be read/);
  });
});
