import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

export interface LatencyPercentiles {
  p50: number;
  p90: number;
  p99: number;
  p99_9: number;
  max: number;
}

const microsecondsPerMs = 1000;
const longestMicroseconds = 120e6;

/** An HDR histogram in microseconds, three significant digits, up to two minutes. */
export function histogramOf(valuesMs: readonly number[]): Histogram {
  const histogram = build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: longestMicroseconds,
    numberOfSignificantValueDigits: 3,
  });
  for (const valueMs of valuesMs) {
    const microseconds = Math.round(valueMs * microsecondsPerMs);
    histogram.recordValue(Math.min(Math.max(microseconds, 0), longestMicroseconds));
  }
  return histogram;
}

/** NaN where nothing was recorded. */
export function percentilesOf(histogram: Histogram): LatencyPercentiles {
  return {
    p50: valueAt(histogram, 50),
    p90: valueAt(histogram, 90),
    p99: valueAt(histogram, 99),
    p99_9: valueAt(histogram, 99.9),
    max: valueAt(histogram, 100),
  };
}

/** The value in ms that so many per cent do not exceed. */
export function valueAt(histogram: Histogram, percent: number): number {
  if (histogram.totalCount === 0) return NaN;
  return histogram.getValueAtPercentile(percent) / microsecondsPerMs;
}

/** The interchange form of HdrHistogram (V2, compressed), which its other implementations read and can add up. */
export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}
