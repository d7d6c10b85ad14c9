import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compareRounds, formatSides } from '../../../loadtest/bench-report.js';
import type { SideFigures } from '../../../loadtest/measure-side.js';

function side(requestsPerSecond: number): SideFigures {
  return {
    requests: 100,
    requestsPerSecond,
    latencyMs: { p50: 1, p90: 2, p97_5: 3, p99: 4 },
    cpuMsPerRequest: 2,
    rssMiB: 300,
    processes: 3,
    failures: 0,
  };
}

it('compareRounds takes ratios within each round, then their median and range', () => {
  const rounds = [
    { ours: side(300), peer: side(100) },
    { ours: side(100), peer: side(100) },
    { ours: side(400), peer: side(200) },
  ];

  const [requests] = compareRounds(rounds);

  assert.deepEqual(requests!.ratio, { median: 2, min: 1, max: 3 });
  assert.deepEqual(requests!.peer, { median: 100, min: 100, max: 200 });
  assert.match(
    formatSides(compareRounds(rounds)),
    /requests\/s +300 \(100-400\).* 2\.00 \(1\.00-3\.00\)/,
  );
});
