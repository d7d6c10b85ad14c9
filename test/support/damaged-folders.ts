/** Damaged models, laid out so that they can get into a gateway in both ways in which a model does. */

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Recipe } from '../../src/compress/recipe.js';
import { tinyCard } from './build-jobs.js';
import { FOREIGN, modelFileOf } from './foreign-models.js';
import { mutated } from './mutations.js';
import { TINY } from './onnx-models.js';

/** `seed` is that of the damage; `index` counts from 0 within a run. */
interface Damaged {
  readonly index: number;
  readonly seed: number;
  readonly name: string;
}

/** A parent whose card describes the damaged file, as nobody but an attacker would write it. */
export interface DamagedParent extends Damaged {
  readonly way: 'build';
  readonly recipe: Recipe;
}

/** A folder of somebody else's model; `directory` is below the models folder. */
export interface DamagedFolder extends Damaged {
  readonly way: 'add';
  readonly directory: string;
}

export type DamagedModel = DamagedParent | DamagedFolder;

/** What is left of the parent shows in the child, but in the last one, which agrees with nobody. */
const RECIPES: readonly Recipe[] = [
  { precision: 'fp32' },
  { precision: 'fp16-stored' },
  { precision: 'int8' },
  { precision: 'fp32', layers: [1], ffn: 0.5 },
];
const ARCHITECTURES = ['distilbert', 'bert-cased', 'roberta', 'xlm-roberta', 'deberta-v3'];

/**
 * A models folder with the fixture's two sound variants, and `count` damaged models: those of even seeds as variants that
 * the manifest lists as retired, so that no worker loads them and builds can be asked for, the others below `incoming`.
 */
export function layOutDamaged(
  modelsDir: string,
  { count, firstSeed }: { readonly count: number; readonly firstSeed: number },
): DamagedModel[] {
  cpSync('test/fixtures/models', modelsDir, { recursive: true });
  const models = Array.from({ length: count }, (_, index) => {
    const seed = firstSeed + index;
    return seed % 2 === 0 ? parentOf(index, seed, modelsDir) : folderOf(index, seed, modelsDir);
  });
  const retired = models.filter(({ way }) => way === 'build').map(({ name }) => name);
  const manifest = { schemaVersion: 1, variants: ['tiny', 'tiny-int8', ...retired], retired };
  writeFileSync(path.join(modelsDir, 'manifest.json'), JSON.stringify(manifest));
  return models;
}

function parentOf(index: number, seed: number, modelsDir: string): DamagedParent {
  const name = `damaged-${seed}`;
  const bytes = mutated(readFileSync(TINY), seed);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const card = { ...tinyCard, name, sha256, sizeBytes: Math.max(1, bytes.length) };
  const folder = path.join(modelsDir, name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'model.onnx'), bytes);
  writeFileSync(path.join(folder, 'card.json'), JSON.stringify(card));
  return { way: 'build', index, seed, name, recipe: RECIPES[(seed / 2) % RECIPES.length]! };
}

function folderOf(index: number, seed: number, modelsDir: string): DamagedFolder {
  const name = `theirs-${seed}`;
  const directory = `incoming/${name}`;
  const folder = path.join(modelsDir, directory);
  const architecture = ARCHITECTURES[((seed - 1) / 2) % ARCHITECTURES.length]!;
  cpSync(path.join(FOREIGN, architecture), folder, { recursive: true });
  const file = modelFileOf(folder);
  writeFileSync(file, mutated(readFileSync(file), seed));
  return { way: 'add', index, seed, name, directory };
}
