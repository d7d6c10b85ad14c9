import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { bestSingle, formatCascades, type CascadeRow } from '../../../loadtest/cascade-report.js';
import { cascadeFlags, runCascade } from '../../../loadtest/cascade.js';
import { readConll } from '../../../loadtest/conll.js';
import { parseFlags, UsageError } from '../../../loadtest/flags.js';
import { choosePairs, type VariantFacts } from '../../../loadtest/variant-pairs.js';

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
  tokenizer: 'tokenizer',
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

describe('the report of cascades', () => {
  const row = (name: string, f1: number, cpuMsPerText: number, percent?: number): CascadeRow => ({
    name,
    thresholdPercent: percent,
    f1,
    cpuMsPerText,
    outcomes: percent === undefined ? {} : { improved: 0.25, sufficed: 0.75 },
  });
  const rows = [
    row('tiny', 0.88, 1),
    row('half', 0.92, 2),
    row('full', 0.93, 8),
    row('tiny > full', 0.931, 4, 20),
    row('tiny > half', 0.87, 0.5, 10),
  ];

  it('compares with the best variant alone that takes no more processor time', () => {
    assert.equal(bestSingle(rows[3]!, rows)?.name, 'half');
    assert.equal(bestSingle(rows[4]!, rows), undefined);
  });

  it('shows what a cascade gains', () => {
    const lines = formatCascades(rows).split('\n');

    assert.match(lines[5]!, /^tiny > full +0\.20 +0\.9310 +4\.00 +25\.0 % +half +\+0\.0110$/);
    assert.match(lines[6]!, / - +-$/);
  });
});

describe('loadtest -- cascade', () => {
  it('needs a folder, and is skipped where the files are not there', async (context) => {
    const log = context.mock.method(console, 'log', () => undefined);

    await assert.rejects(runCascade(parseFlags([], cascadeFlags)), /--data is needed/);
    await runCascade(parseFlags(['--data', path.join(folder, 'nowhere')], cascadeFlags));

    assert.match(String(log.mock.calls[0]!.arguments[0]), /^skipped: there is no .*eng\.testa/);
  });
});
