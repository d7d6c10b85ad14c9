import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  capacityOf,
  nextPercent,
  sweepRates,
  type SweepLoad,
} from '../../../../loadtest/overload/capacity.js';
import { measured, sweepLoad } from './synthetic-loads.js';

const sweep = (...loads: [percent: number, goodput: number | 'late'][]): SweepLoad[] =>
  loads.map(([percent, goodput]) => sweepLoad(percent, goodput));

describe('capacityOf', () => {
  it('is the peak of goodput, and not the rate that was offered there', () => {
    const capacity = capacityOf(sweep([60, 60], [100, 95], [140, 88]));

    assert.deepEqual(capacity, { perSecond: 95, byGatewayPerSecond: 95, percent: 100 });
  });

  it('has the peak by the word of the gateway beside it, wherever that lies', () => {
    const loads = [
      { percent: 80, ...measured('a', { offered: 80, goodput: 80 }) },
      { percent: 120, ...measured('b', { offered: 120, goodput: 70, byGateway: 90 }) },
    ];

    assert.deepEqual(capacityOf(loads), { perSecond: 80, byGatewayPerSecond: 90, percent: 80 });
  });

  it('leaves out what was sent late, and is not known where all was', () => {
    assert.equal(capacityOf(sweep([60, 60], [100, 'late']))?.perSecond, 60);
    assert.equal(capacityOf(sweep([60, 'late'], [100, 'late'])), undefined);
  });

  it('refuses a gateway that answers nothing in time', () => {
    assert.throws(() => capacityOf(sweep([60, 0], [100, 0])), /Allow longer --budgets/);
  });
});

describe('nextPercent', () => {
  const cases: [string, SweepLoad[], number | undefined][] = [
    ['the peak lies within', sweep([60, 60], [100, 95], [140, 80]), undefined],
    ['goodput still rises at the highest rate', sweep([60, 60], [100, 99]), 125],
    ['a quarter of the budgets is never met, but it rises', sweep([60, 45], [100, 74]), 125],
    ['the highest rate is on the plateau', sweep([60, 60], [100, 80], [140, 82]), undefined],
    ['the highest rate was sent late', sweep([60, 60], [100, 99], [140, 'late']), undefined],
    ['goodput falls from the lowest rate on', sweep([60, 50], [100, 30]), 45],
    ['one rate alone rises from nothing', sweep([100, 100]), 125],
    ['one rate alone is beyond the peak', sweep([100, 40]), 75],
    ['nothing is answered in time', sweep([60, 0], [100, 0]), undefined],
    ['all was sent late', sweep([60, 'late']), undefined],
    ['no lower whole percentage is left', sweep([1, 0.4]), undefined],
  ];
  for (const [what, loads, expected] of cases) {
    it(`is ${expected ?? 'none'} where ${what}`, () => {
      assert.equal(nextPercent(loads), expected);
    });
  }
});

describe('sweepRates', () => {
  const sweepOver = (capacity: number, percents: number[]) => {
    const unplanned: number[] = [];
    const loads = sweepRates(percents, (percent, planned) => {
      if (!planned) unplanned.push(percent);
      return Promise.resolve(sweepLoad(percent, Math.min(percent, capacity)));
    });
    return loads.then((all) => ({ tried: all.map(({ percent }) => percent), unplanned }));
  };

  it('tries the rates from the lowest on, and no more where the peak is among them', async () => {
    const { tried, unplanned } = await sweepOver(90, [120, 60, 100]);

    assert.deepEqual([tried, unplanned], [[60, 100, 120], []]);
  });

  it('goes on up until goodput rises no more', async () => {
    const { tried, unplanned } = await sweepOver(180, [60, 100]);

    assert.deepEqual(unplanned, [125, 157, 197, 247]);
    assert.deepEqual(tried, [60, 100, ...unplanned]);
  });

  it('goes on down until goodput falls', async () => {
    const { tried, unplanned } = await sweepOver(40, [60, 100]);

    assert.deepEqual(unplanned, [45, 33]);
    assert.deepEqual(tried, [33, 45, 60, 100]);
  });
});
