import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CorpusSentence } from '../../../../loadtest/corpus/corpus.js';
import { compareOurs } from '../../../../loadtest/live/live-comparison.js';
import { plotLive } from '../../../../loadtest/live/live-plot.js';
import {
  describeSentLate,
  formatCells,
  formatComparisons,
} from '../../../../loadtest/live/live-report.js';
import {
  bestFixedVariant,
  cellOf,
  type LiveCell,
  type LiveRow,
} from '../../../../loadtest/live/live-row.js';
import type { Outcome, TimedAnswer } from '../../../../loadtest/timed-answer.js';
import { workloadOf } from '../../../support/workloads.js';

const profile = { a: 1, b: 0, c: 0 };
const host = {
  variants: [
    { name: 'full-int8', quality: 0.9, profile },
    { name: 'small', quality: 0.8, profile },
  ],
  workers: 1,
  overheadMs: 0,
  onMiss: 'reject' as const,
};
const entity = { label: 'PER' as const, start: 0, end: 4 };
const corpus: CorpusSentence[] = [{ text: 'Anna', entities: [entity] }];

interface Sketch {
  outcome?: Outcome;
  variant?: string;
  finds?: boolean;
  sendLagMs?: number;
}

/** One request every half second, with a budget of 20 ms and one entity to be found. */
function cell(name: string, sketches: readonly Sketch[]): LiveCell {
  const answers = sketches.map((sketch, index): TimedAnswer => {
    const { outcome = 'in_time', variant = 'small', finds = true, sendLagMs = 0.1 } = sketch;
    const ok = outcome === 'in_time' || outcome === 'late';
    return {
      sentence: 0,
      atMs: 500 * index,
      budgetMs: 20,
      latencyMs: outcome === 'in_time' ? 5 : 50,
      code: ok ? 'ok' : 'budget_unreachable',
      metByServer: outcome === 'in_time',
      variant: ok ? variant : undefined,
      arm: undefined,
      entities: ok && finds ? [entity] : [],
      sendLagMs,
      refusalsMs: [],
      outcome,
    };
  });
  const workload = workloadOf(answers.map(({ atMs }) => ({ at: atMs })));
  return cellOf(answers, { name, workload, corpus, host, maxSendLagP99Ms: undefined });
}

const row = (...cells: LiveCell[]): LiveRow => ({
  scale: 1,
  meanPerSecond: 2,
  peakPerSecond: 2,
  requests: 4,
  cells,
  upperBoundF1: 0.9,
});
const ours = cell('entier', [
  { variant: 'full-int8' },
  {},
  { outcome: 'late', variant: 'full-int8' },
  { outcome: 'shed' },
]);
const small = cell('fixed:small', [{}, { finds: false }, {}, { finds: false }]);
const usual = cell('fixed:full-int8', [
  {},
  { outcome: 'shed' },
  { outcome: 'shed' },
  { finds: false },
]);
const delayed = cell('fixed:small', [{ sendLagMs: 9 }, {}, {}, {}]);

describe('a policy on one window', () => {
  it('has F1 by the labels and by the cards, where only answers in time count', () => {
    const { figures, cardsF1, shares, budgets, timeline, sentLate } = ours;

    assert.equal(figures.effectiveF1, (2 * 2) / (2 + 4));
    // Found are .9 and .8 of an entity, claimed two, there are four.
    assert.ok(Math.abs(cardsF1 - (2 * 1.7) / (2 + 4)) < 1e-12);
    assert.deepEqual(shares, { 'full-int8': 0.25, small: 0.25 });
    assert.deepEqual(budgets, [{ budgetMs: 20, requests: 4, inTimePercent: 50 }]);
    assert.deepEqual(
      timeline.map(({ inTime, late, shed }) => [inTime, late, shed]),
      [
        [2, 0, 0],
        [0, 1, 1],
      ],
    );
    assert.equal(sentLate, false);
  });

  it('is marked where its requests left over 5 ms late', () => {
    assert.equal(delayed.sentLate, true);
  });
});

describe('ours against fixed variants', () => {
  it('is compared with the best of them at this scale, with full-int8 and with the bound', () => {
    const compared = compareOurs(row(ours, usual, small));

    assert.equal(compared.bestFixed, 'small');
    assert.ok(Math.abs(compared.oursLessBestFixed! - (2 / 3 - 4 / 6)) < 1e-12);
    assert.ok(Math.abs(compared.oursLessUsual! - (2 / 3 - 2 / 5)) < 1e-12);
    assert.ok(Math.abs(compared.oursOfUpperBound! - ours.cardsF1 / 0.9) < 1e-12);
    assert.equal(compared.budgetsMet, 0.5);
  });

  it('leaves out what was sent late', () => {
    const withoutSmall = compareOurs(row(ours, usual, delayed));
    const withoutOurs = compareOurs(row({ ...ours, sentLate: true }, usual));

    assert.equal(withoutSmall.bestFixed, 'full-int8');
    assert.deepEqual(
      [withoutOurs.effectiveF1, withoutOurs.oursLessBestFixed, withoutOurs.oursOfUpperBound],
      [null, null, null],
    );
    assert.equal(withoutOurs.bestFixed, 'full-int8');
  });

  it('gives AIMD the best variant, even where all were sent late', () => {
    assert.equal(bestFixedVariant([ours, usual, delayed]), 'full-int8');
    assert.equal(bestFixedVariant([{ ...usual, sentLate: true }, delayed]), 'small');
  });
});

describe('the report of a live comparison', () => {
  const rows = [row(ours, usual, delayed)];

  it('shows figures of those that were sent in time, and says which were not', () => {
    const lines = formatCells(rows[0]!).split('\n');

    assert.match(
      lines[2]!,
      /^entier +50\.00 +25\.00 +25\.00 +0 .* 0\.6667 +0\.5667 +0\.1 +full-int8 25\.0%, small 25\.0%$/,
    );
    assert.match(lines[4]!, /^fixed:small( +-){7} +9\.0 +sent late$/);
    assert.match(describeSentLate(rows)!, /^Sent late, so without figures: fixed:small at 1\. /);
    assert.equal(describeSentLate([row(ours)]), undefined);
  });

  it('shows ours less the best fixed variant, and dashes where there is nothing to compare', () => {
    const [, , compared, alone] = formatComparisons([...rows, row(ours)]).split('\n');

    assert.match(compared!, /full-int8 +0\.4000 +\+0\.2667 +0\.4000 +\+0\.2667/);
    assert.match(alone!, /0\.6667 +-( +-){4} +0\.5667 +0\.9000 +63\.0$/);
  });

  it('draws a line for each policy, the bound, and our mix at each scale', () => {
    const second = { ...row(ours, usual, delayed), scale: 2 };
    const svg = plotLive({
      title: 'Live',
      notes: ['note'],
      rows: [...rows, second],
      variants: ['full-int8', 'small'],
    });

    assert.match(svg, /upper bound/);
    assert.match(svg, /Ours over time at 1 times the capacity/);
    assert.match(svg, /Ours over time at 2 times the capacity/);
    for (const name of ['entier', 'fixed full-int8', 'fixed small', 'shed']) {
      assert.ok(svg.includes(`>${name}<`), name);
    }
  });
});
