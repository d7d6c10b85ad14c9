/** The figures of the README are those of the cards and of the newest benchmark; a failure prints what it should say. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Card } from '../../src/registry/card.js';

interface Split {
  readonly f1: number;
}

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

interface Peers {
  readonly comparison: readonly {
    readonly name: string;
    readonly decimals: number;
    readonly sides: Readonly<Record<string, Spread>>;
  }[];
}

/** In the order of the table's columns. */
const SIDES = [
  ...['entier', 'fastapi-onnxruntime', 'transformers-js-q8', 'transformers-js-fp32'],
  ...['fastapi-spacy', 'raw-loop'],
];
/** Rows that every side has. */
const FIGURES = ['requests/s', 'p50 ms', 'p99 ms', 'CPU-ms a request', 'resident MiB'];

const readme = readFileSync('README.md', 'utf8');

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function variantRow(name: string): string {
  const card = read(`models/${name}/card.json`) as Card;
  const { validation, test } = card.evaluation as { validation: Split; test: Split };
  const { ms } = card.latency as { ms: Record<string, number> };
  const f1 = ({ f1: value }: Split): string => value.toFixed(4).replace(/^0/, '');
  const cells = [
    `\`${name}\``,
    f1(validation),
    f1(test),
    (card.sizeBytes / 1e6).toFixed(1),
    ...['1x8', '1x32', '1x128'].map((shape) => ms[shape]!.toFixed(1)),
  ];
  return `| ${cells.join(' | ')} |`;
}

function peersRow({ name, decimals, sides }: Peers['comparison'][number]): string {
  const cells = SIDES.map((side) => {
    const { median, min, max } = sides[side]!;
    return `${median.toFixed(decimals)} (${min.toFixed(decimals)}-${max.toFixed(decimals)})`;
  });
  return `| ${[name, ...cells].join(' | ')} |`;
}

describe('the README', () => {
  const { variants, retired = [] } = read('models/manifest.json') as {
    variants: string[];
    retired?: string[];
  };
  for (const name of variants.filter((each) => !retired.includes(each))) {
    it(`has the figures of the card of ${name}`, () => {
      assert.ok(readme.includes(variantRow(name)), `expected: ${variantRow(name)}`);
    });
  }

  it('has the figures of the newest comparison with the peers', () => {
    const newest = readdirSync('loadtest/results')
      .filter((file) => /^peers-\d.*json$/.test(file))
      .sort()
      .at(-1);
    assert.ok(newest !== undefined);
    const peers = read(`loadtest/results/${newest}`) as Peers;
    const rows = peers.comparison.filter(({ name }) => FIGURES.includes(name)).map(peersRow);
    assert.equal(rows.length, FIGURES.length);
    for (const row of rows) assert.ok(readme.includes(row), `expected: ${row}`);
    assert.ok(readme.includes(`loadtest/results/${newest}`));
  });

  it('names the two commands and only npm scripts that exist', () => {
    assert.ok(readme.includes('npm ci && npm start') && readme.includes('npm ci && npm test'));
    const { scripts } = read('package.json') as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script!);
    assert.ok(named.length > 0);
    for (const script of named) assert.ok(scripts[script] !== undefined, script);
  });
});
