import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { abFlags, runAb } from '../../../loadtest/ab.js';
import { parseFlags, UsageError } from '../../../loadtest/flags.js';
import { growthFlags, runGrowth } from '../../../loadtest/growth.js';
import { peersFlags, runPeers } from '../../../loadtest/peers.js';
import { saturate } from '../../../loadtest/saturate.js';
import { runTiers, tiersFlags } from '../../../loadtest/tiers.js';
import { startFakeGateway, type FakeGateway } from './fake-gateway.js';

describe('the load tests against a gateway that runs', () => {
  let gateway: FakeGateway;
  const out = mkdtempSync(path.join(os.tmpdir(), 'entier-loadtest-'));
  before(async () => {
    gateway = await startFakeGateway();
  });
  beforeEach((context) => {
    gateway.seen.length = 0;
    if ('mock' in context) context.mock.method(console, 'log', () => undefined);
  });
  after(async () => {
    await gateway.close();
    rmSync(out, { recursive: true });
  });
  const quick = () => [
    '--url',
    `${gateway.url}/`,
    '--out',
    out,
    '--duration',
    '1',
    '--warmup',
    '0',
  ];
  const newest = (what: string) => {
    const file = readdirSync(out).find((name) => name.startsWith(what))!;
    return JSON.parse(readFileSync(path.join(out, file), 'utf8')) as Record<string, unknown>;
  };

  it('saturate sends every connection round the corpus from its own place', async () => {
    const { exchanges } = await saturate({
      url: `${gateway.url}/ner`,
      connections: 2,
      seconds: 0.3,
      sentences: 10,
      headers: {},
      bodyOf: (sentence, sequence) =>
        JSON.stringify({ text: `${sentence}`, variant: `${sequence}` }),
    });

    assert.deepEqual(
      gateway.seen.slice(0, 2).map(({ text }) => text),
      ['0', '5'],
    );
    const sequences = gateway.seen.map(({ variant }) => variant);
    assert.equal(new Set(sequences).size, sequences.length);
    assert.ok(exchanges.length > 10);
    for (const { sentence, status, latencyMs, body } of exchanges) {
      assert.ok(sentence >= 0 && sentence < 10 && latencyMs > 0);
      assert.equal(status, 200);
      assert.match(body, /"entities"/);
    }
  });

  it('tiers measures each tier at each number of connections, past the cache', async () => {
    await runTiers(parseFlags([...quick(), '--connections', '1,2'], tiersFlags));

    const rows = newest('tiers').rows as Record<string, unknown>[];
    assert.deepEqual(
      rows.map(({ tier, connections, budgetMs }) => [tier, connections, budgetMs]),
      [
        ['realtime', 1, 5000],
        ['standard', 1, 20_000],
        ['realtime', 2, 5000],
        ['standard', 2, 20_000],
      ],
    );
    assert.equal(rows[1]!.effectiveF1, 1);
    assert.deepEqual(rows[1]!.variants, { full: 1 });
    assert.equal(rows[1]!.budgetMetPercent, 100);
    assert.equal(rows[0]!.effectiveF1, 0);
    assert.deepEqual(Object.keys(rows[0]!.errors as object), ['budget_unreachable']);
    const measured = gateway.seen.filter(({ tier }) => tier !== undefined);
    assert.ok(measured.every(({ cacheControl }) => cacheControl === 'no-cache'));
  });

  it('tiers --cache leaves the cache alone', async () => {
    await runTiers(
      parseFlags([...quick(), '--connections', '1', '--tiers', 'standard', '--cache'], tiersFlags),
    );

    assert.equal(gateway.seen.at(-1)!.cacheControl, undefined);
  });

  it('ab gives each request its own key and shows both sides and the difference of F1', async () => {
    await runAb(parseFlags([...quick(), '--connections', '2'], abFlags));

    const { client, server, f1Difference } = newest('ab') as {
      client: { arm: string; share: number; effectiveF1: number }[];
      server: { requests: number }[];
      f1Difference: { low: number };
    };
    assert.deepEqual(
      client.map(({ arm, effectiveF1 }) => [arm, effectiveF1]),
      [
        ['a', 1],
        ['b', 0],
      ],
    );
    assert.ok(Math.abs(client[0]!.share - 0.5) < 0.1);
    assert.equal(server[0]!.requests, 7);
    assert.equal(f1Difference.low, 1);
    const keys = gateway.seen.flatMap(({ experiment_key }) => experiment_key ?? []);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('ab refuses flags that do not go together', async () => {
    const wrong = [
      [...quick(), '--arms', 'a,b'],
      ['--experiment', 'x'],
      ['--arms', 'a,b,c'],
    ];

    for (const args of wrong) {
      await assert.rejects(runAb(parseFlags(args, abFlags)), UsageError);
    }
  });

  it('growth measures the axes asked for, with texts of the length and number that the point has', async () => {
    const axes = ['--axis', 'length,texts', '--length', '32,8', '--texts', '3'];
    const args = [...quick(), ...axes, '--variant', 'full', '--saturating', '1', '--rounds', '1'];

    await runGrowth(parseFlags(args, growthFlags));

    const { axes: reports } = newest('growth') as {
      axes: { axis: string; points: { value: number; medians: Record<string, number | null> }[] }[];
    };
    assert.deepEqual(
      reports.map(({ axis, points }) => [axis, points.map(({ value }) => value)]),
      [
        ['length', [8, 32]],
        ['texts', [3]],
      ],
    );
    assert.ok(readdirSync(out).some((name) => /^growth-.*\.svg$/.test(name)));
    const points = reports.flatMap((report) => report.points);
    assert.ok(points.every(({ medians }) => medians['requests/s']! > 0));
    assert.ok(points.every(({ medians }) => medians['resident MiB'] === null));
    const sent = gateway.seen as { texts?: string[]; variant?: string; cacheControl?: string }[];
    assert.deepEqual([...new Set(sent.map(({ texts }) => texts?.length ?? 0))], [0, 3]);
    assert.ok(sent.every((request) => request.variant === 'full'));
    assert.ok(sent.every((request) => request.cacheControl === 'no-cache'));
  });

  it('growth refuses axes that there are not, or not at a gateway that runs', async () => {
    const run = (...args: string[]) => runGrowth(parseFlags([...quick(), ...args], growthFlags));

    await assert.rejects(run('--axis', 'width'), /--axis names width; there are length, /);
    await assert.rejects(run('--axis', 'variants'), /leave --url out/);
    await assert.rejects(
      run('--axis', 'texts', '--texts', '1'),
      /does not serve "full-int8"; it has full/,
    );
  });

  it('peers refuses sides and variants that there are not before it installs anything', async () => {
    const run = (...args: string[]) => runPeers(parseFlags(args, peersFlags));

    await assert.rejects(run('--only', 'entier,flask'), /--only names flask; there are entier, /);
    await assert.rejects(run('--variant', 'huge'), /no variant "huge"; it has full, /);
  });

  it('tiers says what is wrong where nobody answers', async () => {
    const args = ['--url', 'http://127.0.0.1:1', '--out', out];

    await assert.rejects(runTiers(parseFlags(args, tiersFlags)), /nobody answers at http/);
  });
});
