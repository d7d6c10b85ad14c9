import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { parseFlags, UsageError } from '../../../../loadtest/flags.js';
import type { LiveComparison } from '../../../../loadtest/live/live-comparison.js';
import type { LiveCell } from '../../../../loadtest/live/live-row.js';
import { policiesFlags, runPolicies } from '../../../../loadtest/policies.js';
import type { SecondFigures } from '../../../../loadtest/timeline.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-policies-live-'));
after(() => rmSync(folder, { recursive: true }));
process.env.ENTIER_PROFILES_DIR = path.join(folder, 'profiles');

interface Result {
  device: object;
  parameters: { host: { workers: number } };
  capacity: { variant: string; perSecond: number };
  results: {
    trace: string;
    firstSecond: number;
    rows: {
      scale: number;
      meanPerSecond: number;
      requests: number;
      upperBoundF1: number;
      policies: LiveCell[];
      ours: LiveComparison;
    }[];
    mixOverTime: { scale: number; timeline: SecondFigures[] }[];
  }[];
}

const trace = path.join(folder, 'waves.csv');
writeFileSync(trace, 'second,requests\n0,1\n1,9\n2,3\n');
const written = (ending: string): string => {
  const name = readdirSync(folder).find((one) => one.endsWith(ending))!;
  return readFileSync(path.join(folder, name), 'utf8');
};
const live = (...args: string[]) => {
  const usual = ['--live', '--models', 'test/fixtures/models', '--trace', trace, '--out', folder];
  return parseFlags(
    [...usual, '--live-seconds', '1', '--live-warmup', '0', ...args],
    policiesFlags,
  );
};

describe('policies --live', () => {
  it('sends the same requests to a gateway of every policy, and writes what came of them', async (context) => {
    const printed: string[] = [];
    context.mock.method(console, 'log', (line: string) => void printed.push(line));
    const policies = 'entier,fixed:tiny,round-robin,aimd';
    // No budget is missed on a host that is busy with other tests, and how late requests leave is not what is tested.
    const args = ['--live-scales', '1', '--budgets', '20000', '--live-policies', policies];
    await runPolicies(live(...args), { maxSendLagP99Ms: 1e6, capacitySeconds: 0.5 });

    const { device, capacity, results } = JSON.parse(written('.json')) as Result;
    assert.ok('cpu' in device);
    assert.ok(['tiny', 'tiny-int8'].includes(capacity.variant) && capacity.perSecond > 0);
    assert.deepEqual([results.length, results[0]!.trace, results[0]!.firstSecond], [1, 'waves', 1]);
    const [row] = results[0]!.rows;
    assert.ok(Math.abs(row!.meanPerSecond / capacity.perSecond - 1) < 1e-9);

    const cells = Object.fromEntries(row!.policies.map((cell) => [cell.name, cell]));
    assert.deepEqual(Object.keys(cells), ['entier', 'fixed:tiny', 'round-robin', 'aimd:tiny']);
    for (const { name, figures, sentLate } of row!.policies) {
      assert.deepEqual([figures.requests, figures.failed], [row!.requests, 0], name);
      assert.equal(figures.inTime, figures.requests, name);
      assert.equal(sentLate, false);
    }
    assert.deepEqual(cells['fixed:tiny']!.figures.variants, { tiny: 1 });
    assert.deepEqual(cells['aimd:tiny']!.figures.variants, { tiny: 1 });
    const turns = cells['round-robin']!.shares;
    assert.ok(Math.abs(turns.tiny! - turns['tiny-int8']!) <= 1 / row!.requests + 1e-9);
    assert.equal(row!.ours.bestFixed, 'tiny');
    assert.ok(cells['fixed:tiny']!.cardsF1 <= row!.upperBoundF1 + 1e-6);
    assert.equal(results[0]!.mixOverTime[0]!.timeline.length, 1);

    assert.match(written('-waves.svg'), /^<svg .*Policies live on the trace/s);
    assert.match(printed[0]!, /^Policies: 4, scales: 1, traces: 1\. 4 runs of 1 s, about 20 s /);
    assert.match(printed.join('\n'), /Trace waves, ours at every scale\n/);
  });

  it('refuses windows that no trace has before it starts anything, and policies that do not exist', async (context) => {
    const printed: string[] = [];
    context.mock.method(console, 'log', (line: string) => void printed.push(line));
    await assert.rejects(
      runPolicies(live('--live-seconds', '4')),
      (error) => error instanceof UsageError && /--live-seconds/.test(error.message),
    );
    assert.deepEqual(printed, []);

    await assert.rejects(
      runPolicies(live('--live-policies', 'fixed:best')),
      (error) => error instanceof UsageError && /there are tiny, tiny-int8/.test(error.message),
    );
  });
});
