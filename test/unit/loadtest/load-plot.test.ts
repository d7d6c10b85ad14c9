import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { histogramOf } from '../../../loadtest/latency-histogram.js';
import { plotLoad } from '../../../loadtest/load-plot.js';
import type { SecondFigures } from '../../../loadtest/timeline.js';

function secondOf(second: number, variants: Record<string, number>, shed = 0): SecondFigures {
  const inTime = Object.values(variants).reduce((sum, count) => sum + count, 0);
  return { second, requests: inTime + shed, inTime, late: 0, shed, failed: 0, variants };
}

function plot(timeline: SecondFigures[], variants: string[], latenciesMs = [3, 4, 5]): string {
  const latencies = [{ budgetMs: 10, histogram: histogramOf(latenciesMs) }];
  return plotLoad({ title: 'Open loop', notes: [], timeline, variants, latencies });
}

const has = (svg: string, words: string) => svg.includes(`>${words}</text>`);

describe('plotLoad', () => {
  it('names the variants that answered and what else became of requests, and nothing that did not happen', () => {
    const svg = plot(
      [secondOf(0, { full: 3, small: 1 }, 2), secondOf(1, {})],
      ['full', 'unused', 'small'],
    );

    for (const name of ['full', 'small', 'shed', 'budget 10 ms']) assert.ok(has(svg, name), name);
    for (const name of ['unused', 'late', 'failed', 'other variants'])
      assert.ok(!has(svg, name), name);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  });

  it('gives the five variants with the most answers a colour of their own, and the others one together', () => {
    const names = Array.from({ length: 8 }, (_, index) => `v${index}`);
    const counts = Object.fromEntries(names.map((name, index) => [name, index + 1]));
    const svg = plot([secondOf(0, counts)], names);

    for (const name of ['v3', 'v4', 'v5', 'v6', 'v7', 'other variants']) assert.ok(has(svg, name));
    for (const name of ['v0', 'v1', 'v2']) assert.ok(!has(svg, name));
  });

  it('is drawn even where nothing was answered', () => {
    const svg = plot([secondOf(0, {}, 4)], ['full'], []);

    assert.ok(has(svg, 'shed'));
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  });
});
