/** Damaged models, the same for the same seed. */

import { readFileSync } from 'node:fs';
import { ModelError, RecipeError } from '../../src/compress/compress-error.js';
import { compressModel } from '../../src/compress/compress-model.js';
import type { Recipe } from '../../src/compress/recipe.js';
import { TINY } from './onnx-models.js';

const SOURCES = [
  TINY,
  'test/fixtures/exports/bert-fused.onnx',
  'test/fixtures/exports/bert-exported.onnx',
];
const RECIPES: readonly Recipe[] = [
  { precision: 'int8', layers: [1], ffn: 0.5, heads: 0.5 },
  { precision: 'w4', ffn: 0.3 },
  { precision: 'fp16-compute', heads: 0.5, embeddings: 'int8' },
  { precision: 'fp16-stored', layers: [0] },
  { precision: 'fp32' },
];

/** xorshift32. */
function randomOf(seed: number): (below: number) => number {
  let state = (seed + 1) * 0x9e3779b9;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Bits are turned, a piece is cut out, doubled or put elsewhere, a byte that may be a length is changed, or the end is missing. */
export function mutated(original: Uint8Array, seed: number): Uint8Array {
  const random = randomOf(seed);
  const bytes = Buffer.from(original);
  const at = random(bytes.length);
  const length = 1 + random(40);
  // The structure is at the ends of the file, and between weights; most of the middle is numbers.
  const inStructure = () =>
    random(3) === 0 ? random(bytes.length) : random(12_000) % bytes.length;
  switch (random(6)) {
    case 0:
      for (let i = 0; i <= random(8); i += 1) bytes[inStructure()]! ^= 1 << random(8);
      return bytes;
    case 1:
      return bytes.subarray(0, at);
    case 2: {
      const place = inStructure();
      return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + length)]);
    }
    case 3: {
      const place = inStructure();
      return Buffer.concat([bytes.subarray(0, place + length), bytes.subarray(place)]);
    }
    case 4:
      for (let i = 0; i <= random(4); i += 1) bytes[inStructure()] = random(256);
      return bytes;
    default: {
      // A name in place of another of the same length keeps the file whole and changes the graph.
      const names = [...bytes.toString('latin1').matchAll(/[a-zA-Z][\w./]{3,40}/g)];
      const from = names[random(names.length)]!;
      const alike = names.filter(([name]) => name.length === from[0].length);
      bytes.write(from[0], alike[random(alike.length)]!.index, 'latin1');
      return bytes;
    }
  }
}

export interface Outcomes {
  readonly made: number;
  readonly refused: number;
}

/** Compresses `count` damaged models. Throws where one ends with anything but a model or a typed error. */
export function compressDamaged(count: number, firstSeed: number): Outcomes {
  const sources = SOURCES.map((path) => readFileSync(path));
  let made = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const source = sources[seed % sources.length]!;
    try {
      compressModel(mutated(source, seed), RECIPES[seed % RECIPES.length]!);
      made += 1;
    } catch (error) {
      if (error instanceof ModelError || error instanceof RecipeError) continue;
      throw new Error(`the damaged model of seed ${seed} ended with another error`, {
        cause: error,
      });
    }
  }
  return { made, refused: count - made };
}
