import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  armOf,
  bucketOf,
  fnv1a,
  type ExperimentDefinition,
} from '../../../src/experiments/assignment.js';

const UNITS = Array.from({ length: 100_000 }, (_, index) => `user-${index}`);

function experimentOf(share: number, weights: readonly number[]): ExperimentDefinition {
  const arms = weights.map((weight, index) => ({
    name: `arm-${index}`,
    variant: `v${index}`,
    weight,
  }));
  return { name: 'compare', seed: '7', share, arms };
}

/** How many units each arm gets; units that take no part are counted as `none`. */
function deal(experiment: ExperimentDefinition): Map<string, number> {
  const counts = new Map<string, number>();
  for (const unit of UNITS) {
    const arm = armOf(experiment, unit)?.name ?? 'none';
    counts.set(arm, (counts.get(arm) ?? 0) + 1);
  }
  return counts;
}

/** Asserts a count of `total` units that each count with a probability, within 4 standard deviations. */
function assertNear(count: number | undefined, total: number, probability: number): void {
  const deviation = Math.sqrt(total * probability * (1 - probability));
  const distance = Math.abs((count ?? 0) - total * probability) / deviation;
  assert.ok(
    distance <= 4,
    `${count} of ${total} is ${distance.toFixed(1)} deviations from ${probability}`,
  );
}

describe('assignment', () => {
  test('hashes as published for 32-bit FNV-1a', () => {
    assert.equal(fnv1a(''), 0x811c9dc5);
    assert.equal(fnv1a('a'), 0xe40c292c);
    assert.equal(fnv1a('foobar'), 0xbf9cf968);
    assert.equal(fnv1a('\u00e9'), 0x1e9de8c1);
  });

  test('gives the buckets and arms that it gave in every earlier release', () => {
    const vectors: [string, number, string | undefined][] = [
      ['', 8923, 'arm-1'],
      ['a', 1715, 'arm-2'],
      ['user-42', 1798, 'arm-1'],
      ['user-43', 7736, 'arm-2'],
      ['user-44', 4479, 'arm-2'],
      ['user-45', 5274, undefined],
      ['jos\u00e9', 4484, 'arm-1'],
      ['\u65e5\u672c', 1135, undefined],
      ['\u{1f600}', 7642, undefined],
    ];
    const experiment = experimentOf(0.5, [1, 2, 1]);

    for (const [unit, bucket, arm] of vectors) {
      assert.equal(bucketOf(unit), bucket, unit);
      assert.equal(armOf(experiment, unit)?.name, arm, unit);
    }
  });

  test('lets in the share and deals by weight, within 4 standard deviations over 100 000 units', () => {
    const counts = deal(experimentOf(0.3, [1, 3, 6]));

    const inside = UNITS.length - counts.get('none')!;
    assertNear(inside, UNITS.length, 0.3);
    assertNear(counts.get('arm-0'), inside, 0.1);
    assertNear(counts.get('arm-1'), inside, 0.3);
    assertNear(counts.get('arm-2'), inside, 0.6);
  });

  test('takes nobody at a share of 0 and everybody at 1', () => {
    assert.equal(deal(experimentOf(0, [1, 1])).get('none'), UNITS.length);
    assert.equal(deal(experimentOf(1, [1, 1])).get('none'), undefined);
  });

  test('never chooses an arm of weight 0, wherever it stands', () => {
    const counts = deal(experimentOf(1, [0, 1, 0, 2, 0]));

    assert.deepEqual([...counts.keys()].sort(), ['arm-1', 'arm-3']);
    assert.equal(deal(experimentOf(1, [0, 0])).get('none'), UNITS.length);
  });

  test('moves no unit to another arm when the share grows', () => {
    const [small, large] = [experimentOf(0.2, [1, 1]), experimentOf(0.7, [1, 1])];

    for (const unit of UNITS.slice(0, 20_000)) {
      const before = armOf(small, unit);
      if (before !== null) assert.equal(armOf(large, unit)?.name, before.name);
    }
  });

  test('deals anew with another seed', () => {
    const [one, other] = [experimentOf(1, [1, 1]), { ...experimentOf(1, [1, 1]), seed: 8 }];

    const same = UNITS.filter((unit) => armOf(one, unit)?.name === armOf(other, unit)?.name);

    assertNear(same.length, UNITS.length, 0.5);
  });
});
