import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  compareSides,
  efficiencyOf,
  formatMeasures,
  ratiosOf,
} from '../../../loadtest/peers-report.js';
import type { RoundFigures, SideInRound } from '../../../loadtest/sides/measure-rounds.js';

function figures(requestsPerSecond: number, cpuMsPerRequest: number): RoundFigures {
  return {
    requests: 100,
    requestsPerSecond,
    latencyMs: { p50: 1, p90: 2, p97_5: 3, p99: 4 },
    cpuMsPerRequest,
    rssMiB: 300,
    processes: 3,
    failures: 0,
    readyMs: 1500,
    f1: null,
    sharedF1: 0.5,
  };
}

// The order within a round is that of the measurement, so it changes.
const rounds: SideInRound[][] = [
  [
    { side: 'entier', figures: figures(300, 2) },
    { side: 'other', figures: figures(100, 8) },
    { side: 'raw-loop', figures: figures(500, 1.5) },
  ],
  [
    { side: 'other', figures: figures(200, 4) },
    { side: 'raw-loop', figures: figures(500, 1) },
    { side: 'entier', figures: figures(200, 2) },
  ],
];
const lineOf = (lines: ReturnType<typeof compareSides>, name: string) =>
  lines.find((line) => line.name === name)!.sides;

describe('compareSides', () => {
  it('takes median and range of each side over the rounds, whatever their order', () => {
    const sides = lineOf(compareSides(rounds), 'requests/s');

    assert.deepEqual(sides.entier, { median: 250, min: 200, max: 300 });
    assert.deepEqual(sides.other, { median: 150, min: 100, max: 200 });
  });

  it('has no spread of figures that a side does not have', () => {
    assert.equal(lineOf(compareSides(rounds), 'F1').entier, null);
  });
});

describe('ratiosOf', () => {
  it('divides within each round, and not by itself', () => {
    const sides = lineOf(ratiosOf('entier', rounds), 'requests/s');

    assert.deepEqual(sides.other, { median: 2, min: 1, max: 3 });
    assert.equal(sides.entier, null);
  });
});

describe('efficiencyOf', () => {
  it('is what the raw loop needs of what a side needs, for sides on the same file', () => {
    const { sides } = efficiencyOf('raw-loop', rounds, ['entier', 'raw-loop']);

    assert.deepEqual(sides.entier, { median: 0.625, min: 0.5, max: 0.75 });
    assert.deepEqual([sides.other, sides['raw-loop']], [null, null]);
  });
});

describe('formatMeasures', () => {
  it('has a column for each side that has figures, a dash for a figure it has not', () => {
    const [head, , requests] = formatMeasures('median', compareSides(rounds)).split('\n');
    const f1 = formatMeasures('median', compareSides(rounds))
      .split('\n')
      .find((line) => line.startsWith('F1 '));

    assert.match(head!, /^median +entier +other +raw-loop$/);
    assert.match(requests!, /^requests\/s +250 \(200-300\) +150 \(100-200\) +500$/);
    assert.match(f1!, /- +- +-$/);
    assert.doesNotMatch(formatMeasures('ratio', ratiosOf('entier', rounds)), /entier/);
  });
});
