/** A recipe in the words of cards, which the Python pipeline writes too: one mapping, both ways. */

import type { FullRecipe, Precision, Recipe } from '../compress/recipe.js';
import type { Card } from '../registry/card.js';

interface Words {
  /** How products are computed. */
  readonly precision: string;
  /** How most weights stand in the file. */
  readonly storage: string;
}

const WORDS: Readonly<Record<Precision, Words>> = {
  int8: { precision: 'int8-dynamic', storage: 'int8' },
  w8: { precision: 'int8-weights', storage: 'int8' },
  w4: { precision: 'int4-weights', storage: 'int4' },
  'fp16-stored': { precision: 'fp32', storage: 'fp16' },
  'fp16-compute': { precision: 'fp16', storage: 'fp16' },
  fp32: { precision: 'fp32', storage: 'fp32' },
};

/** Of a table of word embeddings that is quantized. */
const INT8_EMBEDDINGS = 'int8-per-row';

/** The `recipe` of a new card. What the recipe left alone is as the parent's card says. */
export function cardRecipe(recipe: FullRecipe, parent: Card): Card['recipe'] {
  const { precision, storage } = WORDS[recipe.precision];
  return {
    ...(recipe.layers === undefined ? {} : { layers: [...recipe.layers] }),
    ffn: recipe.ffn,
    heads: recipe.heads,
    precision,
    embeddings: embeddingsWord(recipe, parent),
    storage,
    ...(recipe.weightBits === 7 ? { weightBits: 7 } : {}),
  };
}

/** The `recipe` of a card of a model that was not made here. */
export function wordsOfPrecision(precision: Precision): Card['recipe'] {
  return { ...WORDS[precision] };
}

function embeddingsWord({ embeddings, precision }: FullRecipe, parent: Card): string {
  if (embeddings === 'int8' || parent.recipe.embeddings === INT8_EMBEDDINGS) return INT8_EMBEDDINGS;
  // A file in one float type holds its tables so too; beside integers they stay as they were.
  const { storage } = WORDS[precision];
  if (storage.startsWith('fp')) return storage;
  return parent.recipe.storage === 'fp16' ? 'fp16' : 'fp32';
}

/** The precision that a card speaks of; undefined for words that this version does not know. */
export function precisionOfCard({ recipe }: Card): Precision | undefined {
  const known = Object.entries(WORDS) as [Precision, Words][];
  const exact = known.find(
    ([, words]) => words.precision === recipe.precision && words.storage === recipe.storage,
  );
  // Cards of other makers may say no more than the precision.
  const alone = known.findLast(
    ([name, words]) => words.precision === recipe.precision || name === recipe.precision,
  );
  return (exact ?? (recipe.storage === undefined ? alone : undefined))?.[0];
}

/** Whether a recipe takes units or layers away, rather than only storing or computing otherwise. */
export function isCut(recipe: Recipe, parentLayers?: number): boolean {
  const { layers, ffn = 1, heads = 1 } = recipe;
  return ffn < 1 || heads < 1 || (layers !== undefined && layers.length !== parentLayers);
}

/** Such as `int8, layers 0 2 4, ffn 75 %`: a recipe for people. */
export function recipeInWords({ precision, weightBits, layers, ffn, heads }: Recipe): string {
  const share = (name: string, value = 1): string[] =>
    value < 1 ? [`${name} ${Math.round(value * 1000) / 10} %`] : [];
  return [
    ...(precision === undefined ? [] : [precision]),
    ...(weightBits === 7 ? ['7 bits'] : []),
    ...(layers === undefined ? [] : [`layers ${layers.join(' ')}`]),
    ...share('ffn', ffn),
    ...share('heads', heads),
  ].join(', ');
}

/** The same of a card, whose words may be unknown. */
export function cardInWords(card: Card): string {
  const { precision, layers, ffn, heads, weightBits } = card.recipe;
  const words = recipeInWords({
    ...(weightBits === 7 ? { weightBits } : {}),
    ...(Array.isArray(layers) ? { layers } : {}),
    ...(typeof ffn === 'number' ? { ffn } : {}),
    ...(typeof heads === 'number' ? { heads } : {}),
  });
  return [precisionOfCard(card) ?? precision, ...(words === '' ? [] : [words])].join(', ');
}
