import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import {
  encodeHistogram,
  histogramOf,
  percentilesOf,
  valueAt,
} from '../../../loadtest/latency-histogram.js';

const thousand = Array.from({ length: 1000 }, (_, index) => (index + 1) / 10);

describe('the latency histogram', () => {
  it('tells percentiles to three digits', () => {
    const { p50, p90, p99, p99_9, max } = percentilesOf(histogramOf(thousand));

    for (const [measured, right] of [
      [p50, 50],
      [p90, 90],
      [p99, 99],
      [p99_9, 99.9],
      [max, 100],
    ] as const) {
      assert.ok(Math.abs(measured / right - 1) < 0.001, `${measured} for ${right}`);
    }
  });

  it('has no percentiles where nothing was recorded', () => {
    assert.ok(Number.isNaN(percentilesOf(histogramOf([])).p99));
  });

  it('keeps what is longer than two minutes at two minutes, and rounding below 0 at 0', () => {
    assert.ok(Math.abs(valueAt(histogramOf([1e9]), 100) / 120_000 - 1) < 0.001);
    assert.equal(valueAt(histogramOf([-0.001]), 100), 0);
  });

  it('is written so that other implementations read it', () => {
    const decoded = decodeFromCompressedBase64(encodeHistogram(histogramOf(thousand)));

    assert.equal(decoded.totalCount, 1000);
    assert.ok(Math.abs(decoded.getValueAtPercentile(50) / 50_000 - 1) < 0.001);
  });
});
