import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../../loadtest/flags.js';
import { selectPolicies } from '../../../../loadtest/live/select-policies.js';

const variants = ['full', 'small'];

describe('selectPolicies', () => {
  it('takes fixed for every variant, and leaves AIMD until the best of them is known', () => {
    const { names, aimdOfBestFixed } = selectPolicies(['entier', 'fixed', 'aimd'], variants);

    assert.deepEqual(names, ['entier', 'fixed:full', 'fixed:small']);
    assert.equal(aimdOfBestFixed, true);
  });

  it('takes single variants, each policy once', () => {
    const wanted = ['aimd:small', 'fixed:small', 'fixed', 'round-robin'];

    const { names, aimdOfBestFixed } = selectPolicies(wanted, variants);

    assert.deepEqual(names, ['aimd:small', 'fixed:small', 'fixed:full', 'round-robin']);
    assert.equal(aimdOfBestFixed, false);
  });

  it('refuses what does not exist, with what there is', () => {
    const wrong: [string[], RegExp][] = [
      [['best'], /takes fixed, aimd, entier, .*aimd:VARIANT, not "best"/],
      [['fixed:large'], /"fixed:large" is no variant that serves here; there are full, small/],
      [['round-robin:full'], /not "round-robin:full"/],
      [['entier', 'aimd'], /aimd takes the best of the fixed variants: add fixed/],
    ];

    for (const [wanted, message] of wrong) {
      assert.throws(
        () => selectPolicies(wanted, variants),
        (error) => error instanceof UsageError && message.test(error.message),
        wanted.join(' '),
      );
    }
  });
});
