import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FitPlan, type Candidate, type Finding } from '../../../src/building/fit-plan.js';
import { axesOf, keptOf, shapesOf, type Shape } from '../../../src/building/fit-shapes.js';
import type { Card } from '../../../src/registry/card.js';

const LAYERS = 6;
const MAX_BUILDS = 12;

interface World {
  /** Of a shape in int8. */
  readonly truth: (shape: Shape) => NonNullable<Finding>;
  readonly refuses?: (shape: Shape) => boolean;
  readonly elastic?: Card['elastic'];
}

interface Goal {
  readonly maxMs: number;
  readonly minAgreement: number;
}

/** Time as a model of layers spends it; agreement that each cut lowers by more than the one before. */
function elasticWorld(loss: { layers: number; ffn: number; heads: number }): World {
  return {
    truth: (shape) => {
      const kept = keptOf(shape, LAYERS);
      const ms = 0.2 + kept.layers * (0.5 + 0.8 * kept.ffn + 0.4 * kept.heads);
      const agreement = (['layers', 'ffn', 'heads'] as const).reduce(
        (product, axis) => product * (1 - loss[axis] * (1 - kept[axis]) ** 1.5),
        0.99,
      );
      return { ms, agreement };
    },
  };
}

function play(world: World, goal: Goal): { tried: Candidate[]; best: number } {
  const plan = new FitPlan(goal, { elastic: world.elastic, precisions: ['int8', 'w8'] });
  const tried: Candidate[] = [];
  let best = -1;
  for (let next = plan.next(); next !== undefined; next = plan.next()) {
    tried.push(next);
    assert.ok(tried.length < 200, 'it does not end');
    if (world.refuses?.(next.shape) === true) {
      plan.tell(next, undefined, undefined);
      continue;
    }
    const truth = world.truth(next.shape);
    const finding = next.precision === 'w8' ? { ms: truth.ms * 4, agreement: 1 } : truth;
    plan.tell(next, finding, LAYERS);
    const fits = finding.ms <= goal.maxMs && finding.agreement >= goal.minAgreement;
    if (fits && tried.length <= MAX_BUILDS) best = Math.max(best, finding.agreement);
  }
  const recipes = tried.map(({ recipe }) => JSON.stringify(recipe));
  assert.equal(new Set(recipes).size, recipes.length, 'nothing is built twice');
  return { tried, best };
}

function bestOfAll({ truth }: World, { maxMs, minAgreement }: Goal): number {
  return shapesOf(axesOf(undefined, LAYERS))
    .map((shape) => truth(shape))
    .filter(({ ms, agreement }) => ms <= maxMs && agreement >= minAgreement)
    .reduce((best, { agreement }) => Math.max(best, agreement), -1);
}

describe('FitPlan', () => {
  it('comes within .01 of the best of all shapes in a dozen builds', () => {
    for (const loss of [
      { layers: 0.9, ffn: 0.1, heads: 0.1 },
      { layers: 0.2, ffn: 0.4, heads: 0.05 },
      { layers: 0.1, ffn: 0.05, heads: 0.8 },
    ]) {
      const world = elasticWorld(loss);
      for (const maxMs of [0.5, 0.8, 1.1, 1.4, 1.7]) {
        const goal = { maxMs, minAgreement: 0.5 };
        const { best } = play(world, goal);
        const possible = bestOfAll(world, goal);
        assert.ok(
          best >= possible - 0.01,
          `${JSON.stringify(loss)}, ${maxMs}: ${best} ${possible}`,
        );
      }
    }
  });

  it('cuts nothing where the fastest precision is fast enough', () => {
    const { tried } = play(elasticWorld({ layers: 0.5, ffn: 0.5, heads: 0.5 }), {
      maxMs: 2,
      minAgreement: 0.9,
    });
    assert.deepEqual(
      tried.map(({ recipe }) => recipe),
      [{ precision: 'int8' }, { precision: 'w8' }],
    );
  });

  it('cuts nothing of a precision that agrees too little already', () => {
    const { tried } = play(elasticWorld({ layers: 0, ffn: 0, heads: 0 }), {
      maxMs: 0.5,
      minAgreement: 0.995,
    });
    // All that w8, which agrees, may still do is to be cut.
    assert.ok(tried.slice(2).every(({ precision }) => precision === 'w8'));
  });

  it('leaves an axis alone that cannot be cut', () => {
    const world: World = {
      ...elasticWorld({ layers: 0.5, ffn: 0.3, heads: 0.1 }),
      refuses: ({ heads }) => heads < 1,
    };
    const { tried, best } = play(world, { maxMs: 1.2, minAgreement: 0.5 });

    assert.equal(tried.filter(({ shape }) => shape.heads < 1).length, 1);
    assert.ok(best > 0.5);
  });

  it('shows how far away a goal is that nothing reaches, and ends', () => {
    const { tried, best } = play(elasticWorld({ layers: 0.3, ffn: 0.3, heads: 0.3 }), {
      maxMs: 0.1,
      minAgreement: 0.1,
    });
    assert.equal(best, -1);
    assert.ok(tried.length <= MAX_BUILDS, `${tried.length} builds`);
    const smallest = tried.at(-1)!.shape;
    assert.deepEqual(smallest, { layers: [0], ffn: 0.25, heads: 0.25 });
  });

  it('tries only the cuts that an elastic parent was trained with', () => {
    const elastic = {
      heads: 'stored',
      ffn: 'stored',
      trained: { layers: [[0, 2, 4]], ffn: [0.5, 1], heads: [1] },
    } as const;
    const world = {
      ...elasticWorld({ layers: 0.2, ffn: 0.1, heads: 0 }),
      elastic: structuredClone(elastic) as unknown as Card['elastic'],
    };
    const { tried, best } = play(world, { maxMs: 0.9, minAgreement: 0.5 });

    assert.ok(best > 0);
    for (const { shape } of tried) {
      assert.ok(shape.layers === undefined || shape.layers.length === 3);
      assert.ok([0.5, 1].includes(shape.ffn));
      assert.equal(shape.heads, 1);
    }
  });

  it('has nothing to cut in a parent whose layers were not recognised', () => {
    const plan = new FitPlan(
      { maxMs: 1, minAgreement: 0.9 },
      { elastic: undefined, precisions: ['int8'] },
    );
    const first = plan.next()!;
    plan.tell(first, { ms: 2, agreement: 0.99 }, 0);
    assert.equal(plan.next(), undefined);
  });
});
