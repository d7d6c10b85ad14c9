import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plotPeers } from '../../../loadtest/peers-plot.js';
import type { MeasureLine } from '../../../loadtest/peers-report.js';

const spread = { median: 240, min: 200, max: 310 };
const line = (name: string, sides: MeasureLine['sides']): MeasureLine => ({
  name,
  decimals: 0,
  sides,
});
const all = { entier: spread, other: { ...spread, median: 201 }, 'raw-loop': spread };

describe('plotPeers', () => {
  const svg = plotPeers({
    comparison: [
      line('requests/s', all),
      line('p99 ms', all),
      line('CPU-ms a request', { ...all, other: null }),
      line('resident MiB', all),
    ],
    notes: ['16 connections'],
  });
  const count = (words: string) => svg.split(`>${words}<`).length - 1;

  it('has a panel for throughput, p99 and processor time, with median and range of each side', () => {
    const titles = [...svg.matchAll(/font-size="13" font-weight="600"[^>]*>([^<]*)</g)];
    assert.equal(titles.length, 3);
    assert.equal(count('240 (200-310)'), 6);
    assert.equal(count('201 (200-310)'), 2);
    assert.equal(count('entier'), 3);
  });

  it('leaves out a side that has no such figure', () => {
    assert.equal(count('other'), 2);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  });

  it('draws the raw loop as a limit, hollow', () => {
    assert.equal(svg.split('stroke-dasharray').length - 1, 3);
  });
});
