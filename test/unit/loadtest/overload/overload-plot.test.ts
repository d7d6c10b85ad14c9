import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OverloadRound } from '../../../../loadtest/overload/measure-round.js';
import { plotOverload } from '../../../../loadtest/overload/overload-plot.js';
import { loadNames } from '../../../../loadtest/overload/loads.js';
import { lateRound, round, sentLate } from './synthetic-loads.js';

const plot = (...rounds: OverloadRound[]) =>
  plotOverload({
    title: 'Overload',
    notes: ['as promised'],
    rounds,
    spike: { fromSecond: 3, untilSecond: 5 },
  });
const has = (svg: string, words: string) => svg.includes(`>${words}</text>`);

describe('plotOverload', () => {
  it('has goodput, refusals and the spike', () => {
    const svg = plot(round(), round());

    for (const words of ['as promised', 'in time', 'p99', 'spike', 'offered (% of capacity)']) {
      assert.ok(has(svg, words), words);
    }
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  });

  it('is drawn without what was sent late, even where that is all', () => {
    const withoutSpike = plot(round({ spike: sentLate(loadNames.spike) }));

    assert.ok(!has(withoutSpike, 'spike'));
    assert.ok(has(withoutSpike, 'in time'));
    assert.doesNotMatch(plot(lateRound()), /NaN|Infinity|undefined/);
  });
});
