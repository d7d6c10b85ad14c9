import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { TextsPass } from '../../../loadtest/cascade/ask-texts.js';
import {
  bestSingle,
  figuresOfPass,
  frontierOf,
  type CascadePass,
} from '../../../loadtest/cascade/cascade-pass.js';
import { plotCascades } from '../../../loadtest/cascade/cascade-plot.js';
import {
  bestCascade,
  cascadeTarget,
  formatCascades,
  rowsOf,
} from '../../../loadtest/cascade/cascade-report.js';
import { chooseThresholds, promisesOf } from '../../../loadtest/cascade/choose-thresholds.js';
import { choosePairs, type VariantFacts } from '../../../loadtest/cascade/variant-pairs.js';
import { cascadeFlags, runCascade } from '../../../loadtest/cascade.js';
import { readConll } from '../../../loadtest/conll.js';
import { parseFlags, UsageError } from '../../../loadtest/flags.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-conll-'));
after(() => rmSync(folder, { recursive: true }));

function conll(...lines: string[]) {
  const file = path.join(folder, 'eng.testa');
  writeFileSync(file, lines.join('\n'));
  return readConll(file);
}

describe('readConll', () => {
  it('joins tokens by one space and counts entities in code points', () => {
    const found = conll(
      '-DOCSTART- -X- O O',
      '',
      '😀 NN O O',
      'Zoë NNP I-NP I-PER',
      'Roe NNP I-NP I-PER',
    );

    assert.deepEqual(found, [
      { text: '😀 Zoë Roe', entities: [{ label: 'PER', start: 2, end: 9 }] },
    ]);
  });

  it('begins an entity at B- and where the type changes', () => {
    const found = conll(
      'a x I-LOC',
      'b x B-LOC',
      'c x I-LOC',
      'd x I-ORG',
      '',
      'e x O',
      'f x I-ORG',
    );

    assert.deepEqual(
      found.map(({ entities }) => entities.map(({ label, start, end }) => [label, start, end])),
      [
        [
          ['LOC', 0, 1],
          ['LOC', 2, 5],
          ['ORG', 6, 7],
        ],
        [['ORG', 2, 3]],
      ],
    );
  });

  it('names the line of another tag', () => {
    assert.throws(() => conll('a x O', 'b x S-PER'), /eng\.testa:2: expected O, or B- or I-/);
    assert.throws(() => conll(''), /has no sentences/);
  });
});

const variant = (name: string, f1: number, isCalibrated = true): VariantFacts => ({
  name,
  f1,
  isCalibrated,
});
const variants = [variant('full', 0.93, false), variant('half', 0.92), variant('tiny', 0.88)];

describe('choosePairs', () => {
  const namesOf = (...args: Parameters<typeof choosePairs>) =>
    choosePairs(...args).map(({ first, second }) => [first.name, second.name]);

  it('takes the calibrated variant of the lowest F1 with each better one', () => {
    assert.deepEqual(namesOf(variants, undefined), [
      ['tiny', 'full'],
      ['tiny', 'half'],
    ]);
  });

  it('takes those that are named', () => {
    assert.deepEqual(namesOf(variants, ['half:full']), [['half', 'full']]);
  });

  it('refuses what makes no cascade, and says why', () => {
    for (const [pair, message] of [
      ['full:half', /full has no calibration/],
      ['half:tiny', /tiny is no better than half/],
      ['tiny:huge', /first:second of full, half, tiny, not "tiny:huge"/],
      ['tiny', /first:second/],
    ] as const) {
      assert.throws(() => choosePairs(variants, [pair]), message);
    }
    assert.throws(() => choosePairs([variants[0]!], undefined), UsageError);
    assert.throws(() => choosePairs([variants[2]!], undefined), /no variant is better than tiny/);
  });
});

/** An answer with one entity that should be there: found or not. */
const asked = (isRight: boolean, errorProbability?: number, outcome?: string) => ({
  counts: { correct: isRight ? 1 : 0, predicted: 1, gold: 1 },
  ...{ outcome, errorProbability, latencyMs: 2 },
});

describe('the figures of a pass', () => {
  it('are F1, processor time a text and shares of outcomes', () => {
    const texts = [asked(true, 0.1, 'sufficed'), asked(false, 0.6, 'improved')];

    const figures = figuresOfPass({ name: 'a > b', thresholdPercent: 20 }, { texts, cpuMs: 6 });

    assert.deepEqual(figures, {
      ...{ name: 'a > b', thresholdPercent: 20, f1: 0.5, cpuMsPerText: 3, p50Ms: 2 },
      outcomes: { sufficed: 0.5, improved: 0.5 },
    });
  });

  it('are refused where the two variants made no cascade', () => {
    const texts = [asked(true, undefined, 'unavailable')];

    assert.throws(
      () => figuresOfPass({ name: 'a > b', thresholdPercent: 20 }, { texts, cpuMs: 6 }),
      /a > b make no cascade here/,
    );
  });
});

const pass = (name: string, f1: number, cpuMsPerText: number, percent?: number): CascadePass => ({
  ...{ name, thresholdPercent: percent, f1, cpuMsPerText, p50Ms: 1 },
  outcomes: percent === undefined ? {} : { improved: 0.25, sufficed: 0.75 },
});

describe('chooseThresholds', () => {
  const probabilities = [0.005, 0.04, 0.25, 0.9];
  const first: TextsPass = {
    texts: [true, true, false, false].map((isRight, at) => asked(isRight, probabilities[at])),
    cpuMs: 4,
  };
  const second: TextsPass = { texts: [true, true, true, true].map((r) => asked(r)), cpuMs: 16 };
  const singles = [pass('first', 0.5, 1), pass('second', 1, 4)];

  it('reckons what each threshold promises, once for the same texts', () => {
    const promises = promisesOf({ first, second, singles });

    assert.deepEqual(
      promises.map(({ percent, share, f1, cpuMsPerText, gain }) => [
        ...[percent, share, f1, cpuMsPerText, gain],
      ]),
      [
        [1, 0.75, 1, 4, 0],
        [5, 0.5, 1, 3, 0.5],
        [25, 0.25, 0.75, 2, 0.25],
      ],
    );
  });

  it('takes those that gain most, in rising order', () => {
    assert.deepEqual(chooseThresholds({ first, second, singles }, 2), [5, 25]);
    assert.deepEqual(chooseThresholds({ first, second, singles }, 9), [1, 5, 25]);
  });

  it('takes a text for one that goes on where there was no first stage', () => {
    const texts = [...first.texts.slice(1), asked(true, undefined, 'unavailable')];

    const promises = promisesOf({ first: { ...first, texts }, second, singles });

    assert.equal(promises[0]!.share, 1);
  });

  it('needs the error probabilities', () => {
    assert.throws(
      () => chooseThresholds({ first: second, second, singles }, 2),
      /did not tell how likely/,
    );
  });
});

describe('the report of cascades', () => {
  const passes = [
    pass('tiny', 0.88, 1),
    pass('half', 0.92, 2),
    pass('slow', 0.91, 3),
    pass('full', 0.93, 8),
    pass('tiny > full', 0.931, 4, 20),
    pass('tiny > half', 0.87, 0.5, 10),
  ];
  const slower = passes.map((one) => ({ ...one, cpuMsPerText: 2 * one.cpuMsPerText }));
  const rows = rowsOf([passes, slower.toReversed(), passes]);

  it('compares with the best variant alone that takes no more processor time', () => {
    assert.equal(bestSingle(passes[4]!, passes)?.name, 'half');
    assert.equal(bestSingle(passes[5]!, passes), undefined);
    assert.deepEqual(
      frontierOf(passes).map(({ name }) => name),
      ['tiny', 'half', 'full'],
    );
  });

  it('leaves a variant off the frontier that is as good as a cheaper one', () => {
    const equal = [pass('dear', 0.9, 2), pass('cheap', 0.9, 1)];

    assert.deepEqual(
      frontierOf(equal).map(({ name }) => name),
      ['cheap'],
    );
  });

  it('shows medians and ranges over the rounds, and what a cascade gains', () => {
    const lines = formatCascades('validation', rows).split('\n');

    assert.match(lines[2]!, /^tiny +0\.8800 +1\.00 \(1\.00-2\.00\) +1\.00$/);
    assert.match(
      lines[6]!,
      /^tiny > full +0\.20 +0\.9310 +4\.00 \(4\.00-8\.00\) +1\.00 +25\.0 % +half +0\.0110$/,
    );
    assert.match(lines[7]!, / - +-$/);
  });

  it('judges the best cascade', () => {
    assert.equal(bestCascade(rows)?.name, 'tiny > full');
    const { spread, outcome } = cascadeTarget(rows);
    assert.ok(Math.abs(spread!.median - 0.011) < 1e-9);
    assert.equal(outcome, 'reached');
    assert.equal(cascadeTarget(rows.slice(0, 4)).outcome, 'not measured');
  });

  it('draws both kinds of points and the frontier', () => {
    const svg = plotCascades({ rows, notes: ['a note'] });

    for (const word of ['best alone', 'variants alone', '>half<', '>0.2<', 'a note']) {
      assert.ok(svg.includes(word), word);
    }
    assert.ok(!svg.includes('NaN'));
  });
});

describe('loadtest -- cascade', () => {
  it('needs a folder, and is skipped where the files are not there', async (context) => {
    const log = context.mock.method(console, 'log', () => undefined);

    await assert.rejects(runCascade(parseFlags([], cascadeFlags)), /--data is needed/);
    await runCascade(parseFlags(['--data', path.join(folder, 'nowhere')], cascadeFlags));

    assert.match(String(log.mock.calls[0]!.arguments[0]), /^skipped: there is no .*eng\.testa/);
  });

  it('names the variants that there are where one to be measured alone is not', async () => {
    const args = ['--data', folder, '--singles', 'huge'];

    await assert.rejects(
      runCascade(parseFlags(args, cascadeFlags)),
      /--singles names huge; there are full, /,
    );
  });
});
