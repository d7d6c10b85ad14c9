import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { runBuilds } from '../../../../loadtest/builds.js';
import { buildsFlags } from '../../../../loadtest/builds/builds-flags.js';
import { parseFlags, UsageError } from '../../../../loadtest/flags.js';
import type { TargetLine } from '../../../../loadtest/targets.js';

interface Written {
  targets: TargetLine[];
  time?: { hasOwnCard: boolean }[];
  file: { runTimes: { ratio: number }[]; f1: { split: string; built: number }[] };
  serve: { pairs: object[] };
  cycles: { cycles: { processes: number }[] };
}

describe('the command builds, at gateways with the tiny model', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-builds-'));
  const out = path.join(folder, 'results');
  let printed: string[] = [];
  before(() => {
    const config = path.join(folder, 'config.json');
    // The model is random, so what is made of it need not agree with it.
    writeFileSync(config, JSON.stringify({ gate: { minAgreementOfPrecision: 0 } }));
    process.env.ENTIER_CONFIG = config;
    // Measuring a layout would be most of a start.
    process.env.ENTIER_WORKERS = '1';
  });
  beforeEach((context) => {
    printed = [];
    rmSync(out, { recursive: true, force: true });
    if ('mock' in context) {
      context.mock.method(console, 'log', (line: string) => void printed.push(line));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const quick = (...args: string[]) =>
    parseFlags(
      [
        ...['--models', 'test/fixtures/models', '--parent', 'tiny', '--reference', 'tiny-int8'],
        ...['--out', out, ...args],
      ],
      buildsFlags,
    );
  const read = (): Written => {
    const file = readdirSync(out).find((name) => name.endsWith('.json'))!;
    return JSON.parse(readFileSync(path.join(out, file), 'utf8')) as Written;
  };

  it('measures its parts, and writes figures and a plot', async () => {
    const conll = 'Ada I-PER\nmet O\nAlan I-PER\n\nIn O\nParis I-LOC\n';
    writeFileSync(path.join(folder, 'eng.testa'), conll);
    const parts = ['--parts', 'time,file,cycles', '--data', folder];
    const few = ['--builds', '2', '--starts', '1', '--passes', '1', '--sentences', '5'];

    await runBuilds(quick(...parts, ...few, '--cycles', '2', '--warmup-cycles', '1'));

    const { targets, time, file, cycles } = read();
    assert.deepEqual(
      time!.map(({ hasOwnCard }) => hasOwnCard),
      [true, true],
    );
    assert.ok(file.runTimes.length === 1 && file.runTimes[0]!.ratio > 0);
    assert.deepEqual(
      file.f1.map(({ split }) => split),
      ['validation'],
    );
    assert.equal(cycles.cycles.length, 2);
    const left = targets.filter(({ name }) => name.endsWith(' left'));
    assert.deepEqual(
      left.map(({ outcome }) => outcome),
      ['reached', 'reached'],
    );
    assert.equal(readdirSync(out).filter((name) => name.endsWith('.svg')).length, 1);
    assert.match(printed.join('\n'), /budgets met while building at 50 %, % .* not measured/);
  });

  it('fails behind its result where requests left late', async () => {
    const short = ['--sweep', '100', '--sweep-seconds', '0.3', '--warmup', '0'];
    const run = runBuilds(quick('--parts', 'serve', ...short), { maxSendLagP99Ms: -1 });

    await assert.rejects(run, /sent late, so these have no figures: 100 % of the estimate/);
    const { serve, targets } = read();
    assert.deepEqual(serve.pairs, []);
    assert.ok(targets.every(({ outcome }) => outcome === 'not measured'));
  });

  it('refuses what does not fit together before it starts anything', async () => {
    const wrong: [string[], RegExp][] = [
      [['--parts', 'time,space'], /--parts names space; there are time, file, serve, cycles/],
      [['--builds', '1'], /--builds 1 cannot be spread over --starts 2/],
      [['--cycles', '3'], /--cycles 3 has to be more than --warmup-cycles/],
      [['--test'], /--test needs --data/],
      [['--data', path.join(folder, 'nowhere')], /there is no .*eng\.testa/],
    ];

    for (const [args, message] of wrong) {
      await assert.rejects(
        runBuilds(quick(...args)),
        (error) => error instanceof UsageError && message.test(error.message),
        args.join(' '),
      );
    }
    await assert.rejects(runBuilds(quick('--parent', 'huge')), /no variant "huge"; it has tiny/);
    assert.throws(() => readdirSync(out), /ENOENT/);
  });
});
