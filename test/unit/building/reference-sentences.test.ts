import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { defaultFloor } from '../../../src/building/agreement-floor.js';
import english from '../../../src/building/english-sentences.json' with { type: 'json' };
import { agreementWith } from '../../../src/building/reference-answers.js';
import { referenceSentences } from '../../../src/building/reference-sentences.js';
import { codePointsToUtf16 } from '../../../src/ner/offset-units.js';
import { readCard } from '../../../src/registry/read-models.js';
import type { Card } from '../../../src/registry/card.js';

const MODELS = 'models';
const { variants } = JSON.parse(readFileSync(`${MODELS}/manifest.json`, 'utf8')) as {
  variants: string[];
};

describe('referenceSentences', () => {
  it('are over 300 different ones, without slots left in them', () => {
    const sentences = referenceSentences();
    assert.ok(sentences.length >= 300, String(sentences.length));
    assert.ok(new Set(sentences).size === sentences.length);
    const filled = sentences.filter((text) => !english.includes(text));
    assert.ok(filled.length >= 200, String(filled.length));
    assert.deepEqual(
      filled.filter((text) => /(^|[^\p{L}.'’])[PLO]($|[^\p{L}.'’])/u.test(text)),
      [],
    );
  });
});

describe('the reference of a released variant', () => {
  it('has its answers to the sentences that come with the gateway, 300 at least with 500 entities', async () => {
    assert.ok(english.length >= 300);
    for (const name of variants) {
      const { reference } = await readCard(MODELS, name);
      assert.deepEqual(
        reference.map(({ text }) => text),
        english,
        `${name}: run python -m scripts.write_reference --names ${name}`,
      );
      const entities = reference.reduce((sum, sentence) => sum + sentence.entities.length, 0);
      assert.ok(entities >= 500, `${name}: ${entities}`);
    }
  });

  it('agrees with its parent by what the gate asks for', async () => {
    let compared = 0;
    for (const name of variants) {
      const card = await readCard(MODELS, name);
      if (card.parent === null) continue;
      const parent = await readCard(MODELS, card.parent);
      const found = agreementWith(parent.reference, answersOf(card));
      const floor = floorOf(card, parent);
      assert.ok(found >= floor, `${name}: ${found}, and ${floor} is asked for`);
      compared += 1;
    }
    assert.ok(compared >= 5);
  });
});

function answersOf({ reference }: Card): Parameters<typeof agreementWith>[1] {
  return reference.map(({ text, entities }) =>
    codePointsToUtf16(text, entities).map((place, at) => ({
      ...place,
      label: entities[at]!.label,
      score: 1,
    })),
  );
}

/** As for a build of that shape. What was trained further is no better known than what was cut. */
function floorOf(card: Card, parent: Card): number {
  const { layers, ffn, heads, precision } = card.recipe;
  if (precision === parent.recipe.precision) return defaultFloor({ ffn: 0.5 }, parent);
  const cut = Array.isArray(layers) ? { layers: layers as number[] } : {};
  return defaultFloor({ ...cut, ffn: Number(ffn), heads: Number(heads) }, parent);
}
