import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { parseFlags, UsageError } from '../../../../loadtest/flags.js';
import { runOverload } from '../../../../loadtest/overload.js';
import { loadIds } from '../../../../loadtest/overload/loads.js';
import type { OverloadRound } from '../../../../loadtest/overload/measure-round.js';
import { overloadFlags } from '../../../../loadtest/overload/overload-flags.js';
import { startFakeGateway, type FakeGateway } from '../fake-gateway.js';

interface Written {
  parameters: Record<string, unknown>;
  targets: { name: string; outcome: string }[];
  rounds: OverloadRound[];
}

// This host may be busy with other tests: how late requests leave is not what is tested here.
const anyLag = { maxSendLagP99Ms: 1e6 };

describe('overload against a gateway that runs', () => {
  let gateway: FakeGateway;
  let printed: string[];
  const out = mkdtempSync(path.join(os.tmpdir(), 'entier-overload-'));
  before(async () => {
    gateway = await startFakeGateway({ perSecond: 100 });
  });
  beforeEach((context) => {
    gateway.seen.length = 0;
    printed = [];
    if ('mock' in context) {
      context.mock.method(console, 'log', (line: string) => void printed.push(line));
    }
  });
  afterEach(() => {
    for (const name of readdirSync(out)) rmSync(path.join(out, name));
  });
  after(async () => {
    await gateway.close();
    rmSync(out, { recursive: true });
  });
  const quick = (...args: string[]) => {
    const short = ['--sweep-seconds', '0.3', '--duration', '0.3', '--warmup', '0'];
    const spike = ['--spike-before', '1', '--spike-seconds', '0.2', '--spike-after', '0.3'];
    const few = ['--rounds', '1', '--connections', '2', '--sweep', '80,120'];
    const where = ['--url', gateway.url, '--out', out, '--budgets', '8000,9000'];
    return parseFlags([...where, ...short, ...spike, ...few, ...args], overloadFlags);
  };
  const read = (): { result: Written; svg: string } => {
    const names = readdirSync(out).sort();
    assert.deepEqual(
      names.map((name) => name.replace(/-\d.*Z/, '')),
      ['overload.json', 'overload.svg'],
    );
    const [json, svg] = names.map((name) => readFileSync(path.join(out, name), 'utf8'));
    return { result: JSON.parse(json!) as Written, svg: svg! };
  };

  it('finds the capacity, loads it below and beyond, and writes figures and a plot', async () => {
    await runOverload(quick(), anyLag);

    const { result, svg } = read();
    const [round] = result.rounds;
    const { capacity, sweep, loads } = round!;
    assert.ok(round!.estimatePerSecond > 0);
    assert.equal(
      capacity!.perSecond,
      Math.max(...sweep.map(({ figures }) => figures!.goodputPerSecond)),
    );
    assert.deepEqual(Object.keys(loads), loadIds);
    const { poisson, fiveTimes, spike } = loads;
    assert.ok(poisson!.figures!.all.inTime > 0);
    assert.ok(fiveTimes!.figures!.all.shed > 0 && fiveTimes!.figures!.refusalMs!.p99 > 0);
    assert.ok(spike!.figures!.sentPerSecond > spike!.figures!.offeredPerSecond);
    assert.ok(spike!.figures!.recovery!.before > 0);
    assert.equal(result.targets.length, 7);
    assert.match(svg, /^<svg /);

    assert.ok(gateway.seen.every(({ cacheControl }) => cacheControl === 'no-cache'));
    // The closed loop degrades, what comes behind it does as the flag says.
    const ways = gateway.seen.map(({ on_miss }) => on_miss);
    const first = ways.indexOf('reject');
    assert.ok(first > 0 && ways.slice(0, first).every((way) => way === 'degrade'));
    assert.ok(ways.slice(first).every((way) => way === 'reject'));
    const budgets = new Set(gateway.seen.map(({ latency_budget_ms }) => latency_budget_ms));
    assert.deepEqual([...budgets].sort(), [8000, 9000]);
    assert.match(
      printed.join('\n'),
      /^Overload: budgets of 8000, 9000 ms; on_miss reject; result cache bypassed; 1 round\n/,
    );
  });

  it('leaves out what was sent late, ends where the capacity is not known, and fails', async () => {
    const run = runOverload(quick('--rounds', '2', '--variant', 'full'), { maxSendLagP99Ms: -1 });

    await assert.rejects(run, /sent late, so these have no figures.*: 80 % of the estimate; 120 %/);
    const { result } = read();
    assert.equal(result.rounds.length, 1);
    assert.deepEqual([result.rounds[0]!.capacity, result.rounds[0]!.loads], [undefined, {}]);
    assert.ok(result.targets.every(({ outcome }) => outcome === 'not measured'));
    assert.match(printed.join('\n'), /recovery from the spike.* sent late\n/);
    assert.ok(gateway.seen.every(({ variant }) => variant === 'full'));
  });

  it('refuses a variant that the gateway does not serve', async () => {
    await assert.rejects(
      runOverload(quick('--variant', 'best')),
      (error) => error instanceof UsageError && /--variant takes full, not/.test(error.message),
    );
    assert.equal(gateway.seen.length, 0);
  });

  it('says what came where nothing is answered', async () => {
    const closed = await startFakeGateway({ perSecond: 0 });
    try {
      const run = runOverload({ ...quick(), url: closed.url }, anyLag);

      await assert.rejects(run, /closed loop had no answer with entities \(\d+ x overloaded\)/);
      assert.deepEqual(readdirSync(out), []);
    } finally {
      await closed.close();
    }
  });
});
