import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { TraceError } from '../../../loadtest/arrivals/trace-file.js';
import { parseFlags, UsageError } from '../../../loadtest/flags.js';
import type { LoadResult } from '../../../loadtest/load-result.js';
import { openLoopFlags, runOpenLoop } from '../../../loadtest/open-loop.js';
import { replayFlags, runReplay } from '../../../loadtest/replay.js';
import { startFakeGateway, type FakeGateway } from './fake-gateway.js';

type Written = LoadResult & {
  parameters: Record<string, unknown>;
  histograms: { budgetMs: number; hdr: string }[];
};

// This host may be busy with other tests: how late requests leave is not what is tested here.
const anyLag = { maxSendLagP99Ms: 1e6 };

describe('the load tests with instants fixed ahead, against a gateway that runs', () => {
  let gateway: FakeGateway;
  let printed: string[];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-timed-'));
  const out = path.join(folder, 'results');
  before(async () => {
    gateway = await startFakeGateway();
  });
  beforeEach((context) => {
    gateway.seen.length = 0;
    printed = [];
    if ('mock' in context) {
      context.mock.method(console, 'log', (line: string) => void printed.push(line));
    }
  });
  afterEach(() => rmSync(out, { recursive: true, force: true }));
  after(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true });
  });
  const written = (): string[] => {
    try {
      return readdirSync(out).sort();
    } catch {
      return [];
    }
  };
  const read = (): { result: Written; svg: string } => {
    const [json, svg] = written().map((name) => readFileSync(path.join(out, name), 'utf8'));
    return { result: JSON.parse(json!) as Written, svg: svg! };
  };
  const openLoop = (...args: string[]) =>
    parseFlags(['--url', gateway.url, '--out', out, '--warmup', '0', ...args], openLoopFlags);
  const replay = (...args: string[]) =>
    parseFlags(['--url', gateway.url, '--out', out, '--warmup', '0', ...args], replayFlags);

  it('open-loop sends the requests of its schedule past the cache, and writes figures, histograms and a plot', async () => {
    const args = ['--rate', '100', '--duration', '1', '--budgets', '8000,9000', '--warmup', '1'];
    await runOpenLoop(openLoop(...args), anyLag);

    const { result, svg } = read();
    assert.deepEqual(
      written().map((name) => name.replace(/-\d.*Z/, '')),
      ['open-loop.json', 'open-loop.svg'],
    );
    const { requests, inTime, effectiveF1, variants } = result.all;
    assert.ok(requests > 60 && requests < 140, `${requests} requests`);
    assert.ok(gateway.seen.length > requests + 60, 'the warm-up is sent and not counted');
    assert.deepEqual([inTime, effectiveF1, variants], [requests, 1, { full: 1 }]);
    assert.deepEqual(
      result.budgets.map(({ budgetMs }) => budgetMs),
      [8000, 9000],
    );
    assert.deepEqual(
      result.histograms.map(({ budgetMs }) => budgetMs),
      [8000, 9000],
    );
    assert.equal(result.timeline.length, 1);
    assert.equal(result.offeredPerSecond, requests);
    assert.ok(gateway.seen.every(({ cacheControl }) => cacheControl === 'no-cache'));
    assert.ok(gateway.seen.every(({ on_miss }) => on_miss === 'degrade'));
    const texts = gateway.seen.map(({ text }) => text);
    assert.equal(new Set(texts).size, texts.length);
    assert.match(svg, /^<svg /);
    assert.match(printed.join('\n'), /^Open loop: 100 requests\/s for 1 s\narrivals Poisson/);
  });

  it('open-loop --retries sends what was refused again, pinned and rejecting as asked', async () => {
    const args = ['--rate', '60', '--duration', '1', '--budgets', '7000', '--on-miss', 'reject'];
    await runOpenLoop(openLoop(...args, '--retries', '1', '--variant', 'full'), anyLag);

    const { result } = read();
    assert.equal(result.all.shed, 0);
    assert.equal(result.sentPerSecond, 2 * result.offeredPerSecond);
    assert.ok(result.refusalMs!.max > 0);
    assert.ok(gateway.seen.every((seen) => seen.on_miss === 'reject' && seen.variant === 'full'));
  });

  it('open-loop without retries counts refusals as shed, with an F1 of 0', async () => {
    const args = ['--rate', '30', '--duration', '1', '--seed', '9', '--budgets', '7000'];
    await runOpenLoop(openLoop(...args, '--on-miss', 'reject', '--cv2', '0'), anyLag);

    const { all } = read().result;
    assert.deepEqual([all.requests, all.shed, all.effectiveF1], [30, 30, 0]);
    assert.deepEqual(all.errors, { budget_unreachable: 30 });
  });

  it('open-loop has a spike where it is asked for, and tells of the recovery', async () => {
    const args = ['--rate', '20', '--duration', '3', '--budgets', '9000', '--cv2', '0'];
    await runOpenLoop(
      openLoop(...args, '--shape', 'spike', '--times', '3', '--spike-seconds', '1'),
      anyLag,
    );

    const { result, svg } = read();
    assert.deepEqual(
      result.timeline.map(({ requests }) => requests),
      [20, 60, 20],
    );
    assert.deepEqual(result.recovery, { before: 1, during: 1, seconds: 0, windowSeconds: 1 });
    assert.match(svg, />burst</);
  });

  it('writes nothing where requests left too late, and says so', async () => {
    const run = runOpenLoop(openLoop('--duration', '1'), { maxSendLagP99Ms: -1 });

    await assert.rejects(run, /No result: the load generator sent late/);
    assert.deepEqual([written(), printed], [[], []]);
  });

  it('open-loop refuses what does not fit together', async () => {
    const wrong: [string[], RegExp][] = [
      [
        ['--shape', 'spike', '--duration', '12'],
        /a spike from second 4 to 14 does not fit into 12 s/,
      ],
      [['--shape', 'step', '--at', '30'], /a step from second 30 to 30 does not fit into 30 s/],
      [['--variant', 'best'], /--variant takes full, not "best"/],
      [
        ['--rate', '0.1', '--duration', '1', '--cv2', '0', '--warmup', '5'],
        /no request falls into/,
      ],
    ];

    for (const [args, message] of wrong) {
      await assert.rejects(
        runOpenLoop(openLoop(...args)),
        (error) => error instanceof UsageError && message.test(error.message),
        args.join(' '),
      );
    }
  });

  it('replay sends a window of a trace, scaled to a peak', async () => {
    const trace = path.join(folder, 'trace.csv');
    writeFileSync(trace, 'second,requests\n5,900\n6,10\n7,20\n8,900\n');
    const args = ['--trace', trace, '--from', '6', '--seconds', '2', '--peak', '40'];
    await runReplay(replay(...args, '--budgets', '9000', '--cv2', '0'), anyLag);

    const { result } = read();
    assert.deepEqual(
      result.timeline.map(({ requests }) => requests),
      [20, 40],
    );
    const { trace: name, scale, peak } = result.parameters;
    assert.deepEqual([name, scale, peak], ['trace.csv', 2, 40]);
    assert.match(
      printed[0]!,
      /^Replay of trace\.csv, seconds 6 to 7, scaled by 2 to at most 40\.0/,
    );
  });

  it('replay has a trace of its own', async () => {
    await runReplay(replay('--seconds', '1', '--scale', '0.2', '--budgets', '9000'), anyLag);

    assert.equal(read().result.parameters.trace, 'diurnal.csv');
  });

  it('replay refuses two sizes at once, and a file that is no trace with its line', async () => {
    const trace = path.join(folder, 'broken.csv');
    writeFileSync(trace, 'second,requests\n0,1\n1,x\n');

    await assert.rejects(runReplay(replay('--scale', '2', '--peak', '9')), UsageError);
    await assert.rejects(
      runReplay(replay('--trace', trace)),
      (error) => error instanceof TraceError && error.message.includes(`${trace}:3: expected`),
    );
    assert.equal(gateway.seen.length, 0);
  });
});
