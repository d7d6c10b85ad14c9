import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Experiments } from '../../../src/experiments/experiments.js';
import { planRouting, type ServingVariants } from '../../../src/gateway/routing-plan.js';
import { familyOf } from '../../../src/registry/family-of.js';
import { activeVariant } from '../../support/cards.js';
import { requestOf } from '../../support/gateways.js';
import type { Card } from '../../../src/registry/card.js';
import type { ActiveVariant } from '../../../src/registry/variant-registry.js';

function variantOf(name: string, change: Partial<Card>): ActiveVariant {
  const plain = activeVariant(name, 0.9);
  const card = { ...plain.card, ...change };
  return { ...plain, card, family: familyOf(card) };
}

const ours = [activeVariant('full', 0.93), activeVariant('small', 0.88)];
const drugs = variantOf('drugs', { labels: ['O', 'B-DRUG'], quality: null });
const serving: ServingVariants = {
  active: [drugs, ...ours],
  defaultFamily: ours[0]!.family,
};
const none = new Experiments([]);
const namesOf = (plan: ReturnType<typeof planRouting>) => plan.allowed.map(({ name }) => name);
const pointersOf = (error: unknown) =>
  (error as { extra: { errors: { pointer: string; detail: string }[] } }).extra.errors;

describe('planRouting', () => {
  it('chooses among the variants of the default family', () => {
    assert.deepEqual(namesOf(planRouting(requestOf(), serving, none)), ['full', 'small']);
  });

  it('takes a variant of another family by its name', () => {
    const plan = planRouting(requestOf({ variant: 'drugs' }), serving, none);
    assert.deepEqual([namesOf(plan), plan.forced], [['drugs'], 'pinned']);
  });

  it('takes an arm of another family', () => {
    const arms = [{ name: 'only', variant: 'drugs', weight: 1 }];
    const experiments = new Experiments([{ name: 'e', arms, share: 1, seed: '0' }]);
    const plan = planRouting(requestOf(), serving, experiments);
    assert.deepEqual([namesOf(plan), plan.forced], [['drugs'], 'experiment']);
  });

  it('names all that serve where a pinned one does not', () => {
    assert.throws(
      () => planRouting(requestOf({ variant: 'gone' }), serving, none),
      (error: { code: string; extra: { available: string[] } }) =>
        error.code === 'unknown_variant' && error.extra.available.join() === 'drugs,full,small',
    );
  });

  it('never undercuts min_f1', () => {
    assert.deepEqual(namesOf(planRouting(requestOf({ minF1: 0.9 }), serving, none)), ['full']);
    assert.throws(
      () => planRouting(requestOf({ minF1: 0.95 }), serving, none),
      (error) => /full, has F1 0\.9300/.test(pointersOf(error)[0]!.detail),
    );
  });

  it('does not take an unknown quality or an agreement for an F1', () => {
    const child = variantOf('drugs-int8', {
      labels: ['O', 'B-DRUG'],
      quality: { value: 0.99, measure: 'agreement', split: 'reference', source: 'estimated' },
    });
    const active = [...serving.active, child];
    for (const variant of ['drugs', 'drugs-int8']) {
      assert.throws(
        () => planRouting(requestOf({ variant, minF1: 0.5 }), { ...serving, active }, none),
        (error) => pointersOf(error)[0]!.detail.endsWith(`the F1 of ${variant} is not known`),
      );
    }
  });
});
