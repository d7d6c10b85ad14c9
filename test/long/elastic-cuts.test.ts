/**
 * Every cut of `elastic` that its card has figures of, made by the compressor as the gateway makes it, and its F1 on
 * validation measured again: about a quarter of a minute a cut.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { unitOrderOf } from '../../src/building/elastic-order.js';
import { compressModel } from '../../src/compress/compress-model.js';
import type { Recipe } from '../../src/compress/recipe.js';
import { cardSchema } from '../../src/registry/card.js';

interface Cut {
  readonly name: string;
  readonly layers: number[];
  readonly heads: number;
  readonly ffn: number;
  readonly parameters: number;
  readonly fp32: { readonly f1: { readonly validation: number } };
  readonly int8: { readonly f1: { readonly validation: number } };
}

/** CoNLL-2003 column files; they are not part of the project. */
const DATA = process.env.CONLL2003_DIR ?? path.join('..', 'shared', 'data', 'conll2003');
const missing = existsSync(path.join(DATA, 'eng.testa'))
  ? false
  : `${DATA} is missing; set CONLL2003_DIR to a folder with eng.testa`;
const MOST = 0.0005;

describe('cuts of elastic made by the compressor', { skip: missing }, () => {
  const card = cardSchema.parse(JSON.parse(readFileSync('models/elastic/card.json', 'utf8')));
  const { cuts } = card.evaluation.cuts as { cuts: readonly Cut[] };
  const parent = readFileSync('models/elastic/model.onnx');
  const order = unitOrderOf(card.elastic)!;
  let folder: string;

  before(() => {
    execFileSync('bash', ['scripts/setup_venv.sh']);
    folder = mkdtempSync(path.join(tmpdir(), 'entier-cuts-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Served F1 to four places, by onnxruntime for Python. */
  function validationF1(bytes: Uint8Array): number {
    const file = path.join(folder, 'model.onnx');
    writeFileSync(file, bytes);
    const args = ['-m', 'scripts.evaluate', '--data', DATA, '--names', 'elastic'];
    const output = execFileSync(
      '.venv/bin/python',
      [...args, '--model', file, '--splits', 'validation'],
      { encoding: 'utf8' },
    );
    return Number(/validation: served F1 ([\d.]+)/.exec(output)?.[1]);
  }

  it('has figures of the twenty shapes that it was trained with', () => {
    const { layers = [], heads = [], ffn = [] } = card.elastic?.trained ?? {};
    assert.deepEqual(heads, ffn);
    for (const kept of layers) {
      for (const share of heads) {
        const found = cuts.filter(
          (cut) => String(cut.layers) === String(kept) && cut.heads === share && cut.ffn === share,
        );
        assert.equal(found.length, 1, `${kept.length} layers, ${share}`);
      }
    }
    assert.equal(layers.length * heads.length, 20);
  });

  for (const { name, layers, heads, ffn, parameters, fp32, int8 } of cuts) {
    const recipe = { layers, heads, ffn };
    it(`${name} has the F1 of the offline cut, as floats and in int8`, () => {
      const check = (added: Recipe, expected: number) => {
        const made = compressModel(parent, { ...recipe, ...added }, { order });
        assert.equal(made.parameters, parameters);
        const found = validationF1(made.bytes);
        // Half a unit of the fourth place is lost in print.
        assert.ok(Math.abs(found - expected) <= MOST + 0.00005, `${found}, offline ${expected}`);
      };
      check({}, fp32.f1.validation);
      check({ precision: 'int8' }, int8.f1.validation);
    });
  }
});
