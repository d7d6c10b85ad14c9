import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTargets, judge, type Target } from '../../../loadtest/targets.js';

const at = (median: number) => ({ median, min: median - 1, max: median + 1 });
const fast: Target = { name: 'speed', decimals: 1, bound: { atLeast: 2 }, aim: 3 };
const small: Target = { name: 'size', decimals: 1, bound: { atMost: 2 } };

describe('judge', () => {
  it('goes by the median, with the bound itself being enough', () => {
    const outcomes = [1.9, 2, 3].map((median) => judge(fast, at(median)).outcome);

    assert.deepEqual(outcomes, ['missed', 'reached', 'aim reached']);
    assert.deepEqual(
      [2, 2.1].map((median) => judge(small, at(median)).outcome),
      ['reached', 'missed'],
    );
  });

  it('does not judge what was not measured', () => {
    assert.equal(judge(small, null).outcome, 'not measured');
  });
});

it('formatTargets has bound, aim, median with range and outcome in a line each', () => {
  const [, , first, second] = formatTargets([judge(fast, at(2.5)), judge(small, null)]).split('\n');

  assert.match(first!, /^speed +>= 2, aim 3 +2\.5 \(1\.5-3\.5\) +reached$/);
  assert.match(second!, /^size +<= 2 +- +not measured$/);
});
