import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { profileSeconds } from '../../../../loadtest/arrivals/rate-profile.js';
import { loadIds, planLoad, secondsOf } from '../../../../loadtest/overload/loads.js';

const seconds = { steady: 20, spike: { before: 4, lasts: 10, after: 6 } };

describe('planLoad', () => {
  it('offers shares and multiples of the capacity', () => {
    const loads = loadIds.map((id) => planLoad(id, { perSecond: 100, seconds }));

    assert.deepEqual(
      loads.map(({ profile }) => profile.map(({ perSecond }) => perSecond)),
      [[70], [70], [200], [500], [70, 280, 70]],
    );
    assert.deepEqual(
      loads.map(({ cv2, retries }) => [cv2, retries]),
      [
        [1, 0],
        [4, 0],
        [1, 0],
        [1, 0],
        [1, 3],
      ],
    );
    assert.deepEqual(loads[4]!.burst, { fromSecond: 4, untilSecond: 14 });
  });

  it('lasts as long as secondsOf says', () => {
    for (const id of loadIds) {
      const { profile } = planLoad(id, { perSecond: 100, seconds });
      assert.equal(profileSeconds(profile), secondsOf(id, seconds), id);
    }
  });
});
