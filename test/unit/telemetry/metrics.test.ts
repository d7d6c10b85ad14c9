import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createMetrics } from '../../../src/telemetry/metrics.js';

interface Row {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

const ROW = /^\| `(\w+)` \| (\w+) \| (.*?) ?\| .+ \|$/;

function documented(): Row[] {
  const lines = readFileSync('docs/metrics.md', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, name, type, labels = ''] = ROW.exec(line) ?? [];
    if (name === undefined || type === undefined) return [];
    return [{ name, type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label!) }];
  });
}

const byName = (left: Row, right: Row): number => (left.name < right.name ? -1 : 1);
const ours = (rows: readonly Row[]): Row[] =>
  rows.filter(({ name }) => name.startsWith('entier_')).sort(byName);

describe('createMetrics', () => {
  it('declares what docs/metrics.md lists, with the same types and labels, and nothing else', () => {
    assert.deepEqual(ours(createMetrics().describe()), ours(documented()));
  });

  it('leaves out those of the process where they are not wanted', () => {
    const names = createMetrics({ ofProcess: false })
      .describe()
      .map(({ name }) => name);
    assert.ok(names.length > 10);
    assert.deepEqual(
      names.filter((name) => !name.startsWith('entier_')),
      [],
    );
  });

  it('declares no metric of the process that docs/metrics.md leaves out', () => {
    const rows = documented();
    const missing = createMetrics()
      .describe()
      .filter(({ name }) => !rows.some((row) => row.name === name));

    assert.deepEqual(missing, []);
  });

  // What prom-client offers of a process depends on the system.
  it('declares all that docs/metrics.md lists', { skip: process.platform !== 'linux' }, () => {
    assert.deepEqual(createMetrics().describe().toSorted(byName), documented().toSorted(byName));
  });

  it('has names with a unit or a meaning that Prometheus knows', () => {
    for (const { name, type } of createMetrics().describe()) {
      if (!name.startsWith('entier_')) continue;
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.match(name, /_(total|seconds|ratio|info|jobs|variants|streams|depth|time)$/);
    }
  });

  it('turns the milliseconds of the phases into seconds', async () => {
    const metrics = createMetrics();

    metrics.observePhases('full', { tokenizeMs: 1, queueMs: 2, inferenceMs: 30, decodeMs: 4 });

    const text = await metrics.render();
    assert.match(text, /phase_duration_seconds_sum\{variant="full",phase="inference"\} 0\.03$/m);
    assert.match(text, /phase_duration_seconds_sum\{variant="full",phase="decode"\} 0\.004$/m);
  });

  it('has the default budgets among the edges of its buckets', async () => {
    const metrics = createMetrics();

    metrics.requestDuration.observe({ variant: 'full', tier: 'standard' }, 0.01);

    const text = await metrics.render();
    for (const edge of ['0.01', '0.05', '0.2', '2']) assert.ok(text.includes(`le="${edge}"`), edge);
  });

  it('keeps every gateway to itself', async () => {
    const one = createMetrics();
    const other = createMetrics();

    one.jobsAbandoned.inc(3);

    assert.match(await one.render(), /^entier_jobs_abandoned_total 3$/m);
    assert.match(await other.render(), /^entier_jobs_abandoned_total 0$/m);
  });
});
