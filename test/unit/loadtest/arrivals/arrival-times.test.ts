import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrivalTimes } from '../../../../loadtest/arrivals/arrival-times.js';
import {
  burstProfile,
  expectedArrivals,
  profileSeconds,
  steadyProfile,
  type RateProfile,
} from '../../../../loadtest/arrivals/rate-profile.js';
import { seededRandom } from '../../../../loadtest/random.js';

function arrive(profile: RateProfile, cv2: number, seed = 1): number[] {
  return arrivalTimes({ profile, cv2, random: seededRandom(seed) });
}

function gapFigures(times: readonly number[]): { mean: number; cv2: number } {
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  return { mean, cv2: variance / mean ** 2 };
}

const countIn = (times: readonly number[], fromSecond: number, untilSecond: number): number =>
  times.filter((time) => time >= 1000 * fromSecond && time < 1000 * untilSecond).length;

describe('arrivalTimes', () => {
  for (const cv2 of [0.5, 1, 2, 4, 8]) {
    it(`has the rate asked for and gaps with a CV² of ${cv2}`, () => {
      const { mean, cv2: measured } = gapFigures(arrive(steadyProfile(200, 1000), cv2));

      // With 200,000 gaps five standard errors are under 3 % of the mean and 8 % of CV².
      assert.ok(Math.abs(mean / 5 - 1) < 0.03, `mean gap ${mean} ms`);
      assert.ok(Math.abs(measured / cv2 - 1) < 0.08, `CV² ${measured}`);
    });
  }

  it('tells gamma of CV² 1 from an exponential by nothing but its numbers: a tenth of the gaps exceeds 2.3 means', () => {
    const times = arrive(steadyProfile(100, 1000), 1);
    const long = times.slice(1).filter((time, index) => time - times[index]! > 23.026).length;

    assert.ok(Math.abs(long / times.length - 0.1) < 0.005, `${long} of ${times.length}`);
  });

  it('spaces them evenly with a CV² of 0', () => {
    assert.deepEqual(arrive(steadyProfile(4, 1), 0), [0, 250, 500, 750]);
  });

  it('ascends, within the profile, and is the same for the same seed alone', () => {
    const profile = steadyProfile(50, 20);
    const times = arrive(profile, 4);

    assert.ok(times.every((time, index) => index === 0 || time >= times[index - 1]!));
    assert.ok(times[0]! >= 0 && times.at(-1)! < 20_000);
    assert.deepEqual(arrive(profile, 4), times);
    assert.notDeepEqual(arrive(profile, 4, 2), times);
  });

  it('begins no denser than it goes on, however bunched', () => {
    let first = 0;
    for (let seed = 0; seed < 2000; seed++) first += arrive(steadyProfile(10, 1), 8, seed).length;

    // Counted from an arrival on, a process with CV² 8 would have about 13 in its first second instead of 10.
    assert.ok(Math.abs(first / 2000 - 10) < 0.8, `${first / 2000} in the first second`);
  });

  it('follows a spike: the rate before, so many times as much in it, and the rate after', () => {
    const spike = { perSecond: 100, times: 5, seconds: 300, fromSecond: 100, burstSeconds: 50 };
    const times = arrive(burstProfile(spike), 1);

    for (const [from, until, rate] of [
      [0, 100, 100],
      [100, 150, 500],
      [150, 300, 100],
    ] as const) {
      const measured = countIn(times, from, until) / (until - from);
      assert.ok(Math.abs(measured / rate - 1) < 0.06, `${measured}/s from ${from} to ${until}`);
    }
  });

  it('sends nothing while the rate is 0, and goes on after it', () => {
    const profile = [
      { seconds: 10, perSecond: 50 },
      { seconds: 10, perSecond: 0 },
      { seconds: 10, perSecond: 50 },
    ];
    const times = arrive(profile, 2);

    assert.equal(countIn(times, 10, 20), 0);
    assert.ok(countIn(times, 0, 10) > 300 && countIn(times, 20, 30) > 300);
  });
});

describe('burstProfile', () => {
  it('is a step where the burst lasts to the end', () => {
    const step = { perSecond: 10, times: 2, seconds: 9, fromSecond: 3, burstSeconds: 6 };

    assert.deepEqual(burstProfile(step), [
      { perSecond: 10, seconds: 3 },
      { perSecond: 20, seconds: 6 },
    ]);
    assert.equal(profileSeconds(burstProfile(step)), 9);
    assert.equal(expectedArrivals(burstProfile(step)), 150);
  });

  it('refuses a burst that does not lie within', () => {
    const late = { perSecond: 10, times: 2, seconds: 9, fromSecond: 5, burstSeconds: 5 };

    assert.throws(() => burstProfile(late), /a burst of 5 s from second 5 does not lie within 9 s/);
  });
});
