import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { peersTargets } from '../../../loadtest/peers-targets.js';
import type { RoundFigures, SideInRound } from '../../../loadtest/sides/measure-rounds.js';

interface Given {
  requestsPerSecond: number;
  p99: number;
  cpuMsPerRequest: number;
  f1: number | null;
}

function sideOf(side: string, given: Given): SideInRound {
  const { requestsPerSecond, p99, cpuMsPerRequest, f1 } = given;
  const figures: RoundFigures = {
    requests: 100,
    requestsPerSecond,
    latencyMs: { p50: 1, p90: 2, p97_5: 3, p99 },
    cpuMsPerRequest,
    rssMiB: 300,
    processes: 3,
    failures: 0,
    readyMs: 1500,
    f1,
    sharedF1: f1,
  };
  return { side, figures };
}

const entier = sideOf('entier', { requestsPerSecond: 600, p99: 40, cpuMsPerRequest: 2, f1: 0.88 });
const q8 = sideOf('transformers-js-q8', {
  requestsPerSecond: 300,
  p99: 100,
  cpuMsPerRequest: 5,
  f1: 0.85,
});
const fp32 = sideOf('transformers-js-fp32', {
  requestsPerSecond: 240,
  p99: 120,
  cpuMsPerRequest: 8,
  f1: 0.882,
});
const rawLoop = sideOf('raw-loop', {
  requestsPerSecond: 1000,
  p99: 3,
  cpuMsPerRequest: 1.7,
  f1: null,
});
const cards = { variant: 0.94, fp32Variant: 0.95 };

function outcomesOf(rounds: SideInRound[][]) {
  const lines = peersTargets({ rounds, cards });
  return lines.map(({ spread, outcome }) => [
    spread === null ? null : Number(spread.median.toFixed(4)),
    outcome,
  ]);
}

describe('peersTargets', () => {
  it('judges each promised figure, within each round', () => {
    const rounds = [
      [entier, q8, fp32, rawLoop],
      [rawLoop, fp32, q8, entier],
    ];

    assert.deepEqual(outcomesOf(rounds), [
      [0.85, 'reached'],
      [2, 'reached'],
      [0.4, 'reached'],
      [2.5, 'missed'],
      [-0.002, 'reached'],
      [-0.01, 'missed'],
    ]);
  });

  it('names what was not measured, because a side was not there', () => {
    const notMeasured = [null, 'not measured'];

    assert.deepEqual(outcomesOf([[entier, rawLoop]]), [
      [0.85, 'reached'],
      notMeasured,
      notMeasured,
      notMeasured,
      notMeasured,
      [-0.01, 'missed'],
    ]);
    assert.ok(outcomesOf([[q8, rawLoop]]).every(([, outcome]) => outcome === 'not measured'));
  });
});
