import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { makeModelsFolder } from '../../../loadtest/models-folder.js';
import { layOutModel } from '../../../loadtest/peer.js';
import { makeTemporaryFolder } from '../../../loadtest/temporary-folder.js';
import { readModels, verifiedTokenizerPath } from '../../../src/registry/read-models.js';

const modelsDir = 'test/fixtures/models';

describe('makeModelsFolder', () => {
  it('makes a folder that the gateway reads, with so many variants of one file', async () => {
    const models = makeModelsFolder({ modelsDir, variant: 'tiny', copies: 3 });

    const entries = (await readModels(models.path)).list();
    const card = entries[0]!.card!;
    const bytes = readFileSync(path.join(models.path, 'tiny.2', card.file));

    assert.deepEqual(models.variants, ['tiny.1', 'tiny.2', 'tiny.3']);
    assert.deepEqual(
      entries.map(({ name, state }) => [name, state]),
      models.variants.map((name) => [name, 'loading']),
    );
    assert.ok(bytes.equals(readFileSync(path.join(modelsDir, 'tiny', card.file))));
    await verifiedTokenizerPath(models.path, card);
    models.remove();
    assert.ok(!existsSync(models.path));
  });

  it('leaves one variant its name', () => {
    const models = makeModelsFolder({ modelsDir, variant: 'tiny-int8', copies: 1 });
    models.remove();

    assert.deepEqual(models.variants, ['tiny-int8']);
  });

  it('names the variants that there are where the one asked for is not', () => {
    const make = (folder: string) => () =>
      makeModelsFolder({ modelsDir: folder, variant: 'huge', copies: 1 });

    assert.throws(make(modelsDir), /no variant "huge"; it has tiny, tiny-int8/);
    assert.throws(make('docs'), /docs\/manifest\.json does not exist: is --models right/);
  });
});

describe('layOutModel', () => {
  for (const [variant, dtype, file] of [
    ['tiny', 'fp32', 'model.onnx'],
    ['tiny-int8', 'q8', 'model_quantized.onnx'],
  ] as const) {
    it(`gives transformers.js ${variant} as ${dtype}`, () => {
      const folder = makeTemporaryFolder('entier-layout-');

      const found = layOutModel(folder.path, { modelsDir, variant });
      const onnx = path.join(folder.path, 'variant/onnx');
      const names = readdirSync(onnx);
      const bytes = readFileSync(path.join(onnx, file));
      folder.remove();

      assert.equal(found, dtype);
      assert.deepEqual(names, [file]);
      assert.ok(bytes.equals(readFileSync(path.join(modelsDir, variant, 'model.onnx'))));
    });
  }
});
