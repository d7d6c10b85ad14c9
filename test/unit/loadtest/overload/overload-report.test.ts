import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadNames } from '../../../../loadtest/overload/loads.js';
import {
  describeCapacity,
  describeLines,
  formatLoads,
  formatOverloadLines,
} from '../../../../loadtest/overload/overload-report.js';
import type { OverloadRound } from '../../../../loadtest/overload/measure-round.js';
import { judgeRounds } from '../../../../loadtest/overload/overload-targets.js';
import { lateRound, measured, round, sentLate, sweepLoad } from './synthetic-loads.js';

const { fiveTimes, spike } = loadNames;
const lateAtFive = round({ fiveTimes: sentLate(fiveTimes) });

describe('formatLoads', () => {
  const linesOf = (...rounds: OverloadRound[]) => formatLoads(rounds).split('\n').slice(2);

  it('has a line for each rate and each load, a rate of one round alone too', () => {
    const further = round();
    further.sweep.push(sweepLoad(150, 99));
    const lines = linesOf(round(), further);

    assert.deepEqual(
      lines.map((line) => line.split(/ {2,}/)[0]),
      [
        '80 % of the estimate',
        '120 % of the estimate',
        '150 % of the estimate',
        ...Object.values(loadNames),
      ],
    );
    assert.match(lines[6]!, /^5 x capacity +500\.0 +500\.0 +90\.0 +90\.0 +18\.00 .* 0\.20$/);
  });

  it('shows no figures of what was sent late, but how late', () => {
    const [, , , , , late] = linesOf(lateAtFive);

    assert.match(late!, /^5 x capacity( +-)+ +9\.\d+ +1 of 1$/);
    assert.match(linesOf(round(), lateAtFive)[5]!, / 90\.0 .* 9\.\d+ +1 of 2$/);
  });
});

describe('formatOverloadLines', () => {
  const linesOf = (...rounds: OverloadRound[]) =>
    formatOverloadLines(judgeRounds(rounds), { rounds: rounds.length }).split('\n').slice(2);

  it('has target, bound, both clocks and outcome', () => {
    const lines = linesOf(round(), round());

    assert.match(
      lines[0]!,
      /^budgets met, Poisson at 70 %, % +>= 99\.5 +100\.00 +100\.00 +reached/,
    );
    assert.match(lines[4]!, /^refusal p99 at 2 x capacity, ms +<= 15 +3\.0 +- +reached/);
  });

  it('says that it was sent late instead of an outcome, or beside it', () => {
    assert.match(linesOf(lateAtFive)[3]!, /^goodput at 5 x .* >= 85 +- +- +sent late$/);
    assert.match(linesOf(round(), lateAtFive)[3]!, /reached; sent late in 1 of 2 rounds$/);
  });

  it('says where goodput did not come back', () => {
    const never = round({ spike: measured(spike, { recoverySeconds: null }) });

    assert.match(linesOf(never)[6]!, /<= 5 +not back +not back +missed$/);
    assert.match(describeLines(judgeRounds([never]))[6]!, /: not back, promised <= 5$/);
  });
});

describe('describeCapacity', () => {
  it('tells the peak of goodput and the rate that was offered there', () => {
    assert.match(
      describeCapacity([round(), lateRound()]),
      /: 100\.0 requests\/s, by the gateway 100\.0; offered there: 120\.0$/,
    );
    assert.match(describeCapacity([lateRound()]), /not known/);
  });
});
