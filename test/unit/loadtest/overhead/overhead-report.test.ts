import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  formatLines,
  reportOverhead,
  type OverheadRound,
} from '../../../../loadtest/overhead/overhead-report.js';

function roundOf(addedMs: number, delayMs: number): OverheadRound {
  return {
    oneConnection: {
      texts: 30,
      gatewayP50: 2 + addedMs,
      rawP50: 2,
      addedP50: addedMs,
      pairedP50: addedMs / 2,
      parts: { http: 0.1, tokenize: 0.05, queue: 0.05, roundTrip: 0.2, decode: 0.01 },
      failures: {},
    },
    saturation: {
      requests: 1000,
      requestsPerSecond: 500,
      latencyMs: { p50: 30, p90: 35, p97_5: 40, p99: 50 },
      cpuMsPerRequest: { http: 0.5, workers: 2.5, all: 3 },
      eventLoopMs: { p50: 0.1, p99: delayMs, max: 3 * delayMs },
      workers: 2,
      failures: 0,
    },
  };
}

const rounds = [roundOf(0.5, 4), roundOf(0.9, 9), roundOf(0.4, 6)];

it('reportOverhead has median and range of every figure, and judges both targets', () => {
  const report = reportOverhead(rounds);

  const added = report.oneConnection.find(({ name }) => name === 'added, the difference')!;
  assert.deepEqual(added.spread, { median: 0.5, min: 0.4, max: 0.9 });
  const cpu = report.saturation.filter(({ name }) => name.startsWith('CPU-ms a request'));
  assert.deepEqual(
    cpu.map(({ spread }) => spread.median),
    [0.5, 2.5, 3],
  );
  assert.deepEqual(
    report.targets.map(({ spread, outcome }) => [spread?.median, outcome]),
    [
      [0.5, 'reached'],
      [6, 'missed'],
    ],
  );
});

it('formatLines shows a line for each figure', () => {
  const text = formatLines('with one connection, ms', reportOverhead(rounds).oneConnection);

  assert.match(text, /^added, the difference +0\.500 \(0\.400-0\.900\)$/m);
  assert.match(text, /^ {2}worker round trip +0\.200$/m);
});
