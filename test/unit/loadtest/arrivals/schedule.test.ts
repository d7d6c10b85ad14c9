import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planSchedule, type ScheduleOptions } from '../../../../loadtest/arrivals/schedule.js';
import { steadyProfile } from '../../../../loadtest/arrivals/rate-profile.js';

const options: ScheduleOptions = {
  profile: steadyProfile(100, 60),
  cv2: 1,
  budgetsMs: [5, 10, 20, 50],
  sentences: 740,
  warmupSeconds: 2,
  seed: 1,
};

describe('planSchedule', () => {
  const schedule = planSchedule(options);

  it('puts the warm-up before 0, at the first rate', () => {
    const warmup = schedule.filter(({ atMs }) => atMs < 0).length;

    assert.ok(schedule[0]!.atMs >= -2000);
    assert.ok(warmup > 150 && warmup < 250, `${warmup} requests`);
  });

  it('warms up at the first rate above 0', () => {
    const profile = [{ seconds: 5, perSecond: 0 }, ...steadyProfile(100, 5)];
    const warmup = planSchedule({ ...options, profile }).filter(({ atMs }) => atMs < 0).length;

    assert.ok(warmup > 150 && warmup < 250, `${warmup} requests`);
  });

  it('goes round the corpus, so that a text comes again after all the others only', () => {
    for (const [index, { sentence }] of schedule.entries()) {
      assert.equal(sentence, (schedule[0]!.sentence + index) % 740);
    }
  });

  it('draws each budget as often as the others', () => {
    for (const budget of options.budgetsMs) {
      const share = schedule.filter(({ budgetMs }) => budgetMs === budget).length / schedule.length;
      assert.ok(Math.abs(share - 0.25) < 0.03, `${budget} ms: ${share}`);
    }
  });

  it('has the same instants whatever the budgets, and others with another seed', () => {
    const instants = (change: Partial<ScheduleOptions>) =>
      planSchedule({ ...options, ...change }).map(({ atMs }) => atMs);

    assert.deepEqual(instants({ budgetsMs: [100] }), instants({}));
    assert.notDeepEqual(instants({ seed: 2 }), instants({}));
  });
});
