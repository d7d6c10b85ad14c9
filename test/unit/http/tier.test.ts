import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { budgetOf, cascadeRule } from '../../../src/http/tier.js';

const config = { cascade: { maxErrorProbability: 0.2 } };
const cascading = { budgetMs: 50, policy: 'cascade', maxErrorProbability: 0.1 } as const;

describe('a tier', () => {
  it('is a budget, with or without a policy', () => {
    assert.equal(budgetOf(20), 20);
    assert.equal(budgetOf(cascading), 50);
  });

  it('may make a cascade of a request that asks for no policy', () => {
    assert.deepEqual(cascadeRule({}, cascading, config), { maxErrorProbability: 0.1 });
    assert.deepEqual(cascadeRule({}, { budgetMs: 50, policy: 'cascade' }, config), {
      maxErrorProbability: 0.2,
    });
    assert.equal(cascadeRule({}, { budgetMs: 50, policy: 'best' }, config), undefined);
    assert.equal(cascadeRule({}, 50, config), undefined);
    assert.equal(cascadeRule({}, undefined, config), undefined);
  });

  it('counts less than what the request asks for', () => {
    assert.equal(cascadeRule({ policy: 'best' }, cascading, config), undefined);
    assert.deepEqual(cascadeRule({ max_error_probability: 0.5 }, cascading, config), {
      maxErrorProbability: 0.5,
    });
    assert.deepEqual(cascadeRule({ policy: 'cascade' }, 50, config), { maxErrorProbability: 0.2 });
  });
});
