import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadNames } from '../../../../loadtest/overload/loads.js';
import { judgeRounds } from '../../../../loadtest/overload/overload-targets.js';
import type { OverloadRound } from '../../../../loadtest/overload/measure-round.js';
import { lateRound, measured, round, sentLate } from './synthetic-loads.js';

const { poisson, twice, fiveTimes, spike } = loadNames;
const lineOf = (name: string, ...rounds: OverloadRound[]) =>
  judgeRounds(rounds).find((line) => line.name.includes(name))!;

describe('judgeRounds', () => {
  it('has the seven figures that were promised, with their bounds', () => {
    const lines = judgeRounds([round()]);

    assert.deepEqual(
      lines.map(({ bound, outcome }) => [bound, outcome]),
      [
        [{ atLeast: 99.5 }, 'reached'],
        [{ atLeast: 99 }, 'reached'],
        [{ atLeast: 95 }, 'reached'],
        [{ atLeast: 85 }, 'reached'],
        [{ atMost: 15 }, 'reached'],
        [{ atMost: 15 }, 'reached'],
        [{ atMost: 5 }, 'reached'],
      ],
    );
  });

  it('takes goodput as a share of the peak of its own round, by each clock of its own', () => {
    const slower: OverloadRound = {
      ...round({ twice: measured(twice, { offered: 160, goodput: 72, byGateway: 81 }) }),
      capacity: { perSecond: 80, byGatewayPerSecond: 90, percent: 100 },
    };
    const { spread, byGateway } = lineOf('goodput at 2 x', slower);

    assert.deepEqual([spread?.median, byGateway?.median], [90, 90]);
    const both = lineOf('goodput at 2 x', round(), slower);
    assert.deepEqual(both.spread, { median: 94, min: 90, max: 98 });
    assert.equal(both.outcome, 'missed');
  });

  it('decides by the clock of the client', () => {
    const load = measured(poisson, { offered: 1000, goodput: 990, byGateway: 1000 });
    const line = lineOf('Poisson', round({ poisson: load }));

    assert.deepEqual([line.spread?.median, line.byGateway?.median], [99, 100]);
    assert.equal(line.outcome, 'missed');
  });

  it('has no refusal latency where nothing was refused, and none by the gateway', () => {
    const line = lineOf('refusal p99 at 5 x', round({ fiveTimes: measured(fiveTimes) }));

    assert.deepEqual([line.spread, line.roundsLate, line.outcome], [null, 0, 'not measured']);
    assert.equal(lineOf('refusal p99 at 2 x', round()).byGateway, null);
  });

  it('counts a recovery that did not come as endless, so that one of three leaves a median', () => {
    const never = round({ spike: measured(spike, { recoverySeconds: null }) });

    const line = lineOf('recovery', round(), never, round());
    assert.deepEqual(line.spread, { median: 0.4, min: 0.4, max: Infinity });
    assert.equal(line.outcome, 'reached');
    assert.equal(lineOf('recovery', never).outcome, 'missed');
  });

  it('leaves out what was sent late, and says in how many rounds', () => {
    const late = round({ fiveTimes: sentLate(fiveTimes) });

    const line = lineOf('goodput at 5 x', round(), late, lateRound());
    assert.deepEqual([line.spread?.median, line.roundsLate], [90, 2]);
    assert.equal(lineOf('goodput at 2 x', round(), late).roundsLate, 0);
  });
});
