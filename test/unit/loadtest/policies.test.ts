import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parseFlags } from '../../../loadtest/flags.js';
import { policiesFlags, runPolicies } from '../../../loadtest/policies.js';
import type { LoadFigures } from '../../../loadtest/simulation/sweep.js';

const out = mkdtempSync(path.join(os.tmpdir(), 'entier-policies-'));
after(() => rmSync(out, { recursive: true }));

interface Result {
  parameters: { residuals: string; seeds: number[] };
  device: object;
  results: { trace: string; rows: LoadFigures[]; findings: object[]; mixOverTime: object[] }[];
}

test('policies compares all policies with the bound and keeps figures, assumptions and a plot', async (context) => {
  const lines: string[] = [];
  context.mock.method(console, 'log', (line: string) => lines.push(line));
  const trace = path.join(out, 'waves.csv');
  const counts = Array.from({ length: 24 }, (_, second) => `${second},${second % 8 < 4 ? 5 : 20}`);
  writeFileSync(trace, `second,requests\n${counts.join('\n')}\n`);
  const args = `--trace ${trace} --loads 10,60 --mix-load 5 --seeds 2 --max-requests 1000 --out ${out}`;

  await runPolicies(parseFlags(args.split(' '), policiesFlags));

  const files = readdirSync(out);
  const json = readFileSync(
    path.join(
      out,
      files.find((name) => name.endsWith('.json'))!,
    ),
    'utf8',
  );
  const { parameters, device, results } = JSON.parse(json) as Result;
  assert.deepEqual(parameters.seeds, [1, 2]);
  assert.match(parameters.residuals, /^synthetic/);
  assert.ok('cpu' in device);
  assert.equal(results[0]!.trace, 'waves');
  assert.equal(results[0]!.mixOverTime.length, 24);
  assert.deepEqual(
    results[0]!.rows.map(({ load }) => Math.round(100 * load)),
    [10, 60, 75],
  );
  for (const row of results[0]!.rows) {
    assert.equal(row.policies.length, 8);
    assert.ok(row.policies.every(({ effectiveF1 }) => effectiveF1.max <= row.upperBoundF1.max));
  }
  const svg = readFileSync(
    path.join(
      out,
      files.find((name) => name.endsWith('-waves.svg'))!,
    ),
    'utf8',
  );
  assert.match(svg, /upper bound/);
  assert.ok(lines.some((line) => line.includes('Assumptions: virtual time; the front of four')));
});
