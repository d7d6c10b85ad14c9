import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { roundedAxis } from '../../../../loadtest/plot/axis.js';
import { barsHeight, drawBars, type Bar, type BarPanel } from '../../../../loadtest/plot/bars.js';

const box = { left: 200, top: 0, width: 100, height: 26 };
const bar: Bar = { name: 'a & b', color: 'red', median: 5, min: 4, max: 8, label: '5 (4-8)' };

function panelOf(bars: readonly Bar[]): BarPanel {
  return { title: 'Speed', kind: 'bars', x: roundedAxis({ label: 'ms', min: 0, max: 10 }), bars };
}

describe('drawBars', () => {
  it('draws a bar from 0 to the median and a whisker from the least to the greatest', () => {
    const svg = drawBars(panelOf([bar]), box);

    assert.match(svg, /<rect x="200" y="[\d.]+" width="50" height="15" fill="red"\/>/);
    assert.match(svg, /<line [^>]*x1="240" x2="280" y1="13" y2="13"\/>/);
  });

  it('has the name to the left of the axis and the figures behind the whisker', () => {
    const svg = drawBars(panelOf([bar]), box);

    assert.match(svg, /<text x="191" [^>]*text-anchor="end"[^>]*>a &amp; b</);
    assert.match(svg, /<text x="288" [^>]*>5 \(4-8\)</);
  });

  it('draws only the outline of a hollow bar', () => {
    const svg = drawBars(panelOf([{ ...bar, hollow: true }]), box);

    assert.match(svg, /<rect [^>]*fill="#FFFFFF" stroke="red" stroke-dasharray=/);
  });

  it('takes more height for more bars', () => {
    assert.equal(barsHeight(panelOf([bar, bar])), 2 * barsHeight(panelOf([bar])));
  });
});
