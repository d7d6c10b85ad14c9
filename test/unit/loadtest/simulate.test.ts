import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parseFlags, UsageError } from '../../../loadtest/flags.js';
import { runSimulate, simulateFlags, type SurgeStep } from '../../../loadtest/simulate.js';
import type { DaySample } from '../../../loadtest/simulation/fleet-sample.js';

const out = mkdtempSync(path.join(os.tmpdir(), 'entier-simulate-'));
after(() => rmSync(out, { recursive: true }));

test('simulate plays steady loads, a day and a surge, and keeps figures and a plot', async (context) => {
  const lines: string[] = [];
  context.mock.method(console, 'log', (line: string) => lines.push(line));
  const args = `--peak 20000 --target 1200 --max-replicas 20 --strata 3 --window 1 --replicas 1 --out ${out}`;

  await runSimulate(parseFlags(args.split(' '), simulateFlags));

  const files = readdirSync(out);
  const json = readFileSync(
    path.join(
      out,
      files.find((name) => name.endsWith('.json'))!,
    ),
    'utf8',
  );
  const { steady, day, surge } = JSON.parse(json) as {
    steady: { load: number; effectiveF1: number }[];
    day: DaySample;
    surge: SurgeStep[];
  };
  assert.ok(steady.at(-1)!.effectiveF1 < steady[0]!.effectiveF1, 'load costs quality');
  assert.equal(day.windows.length, 6);
  assert.ok(day.budgetsMet.value > 0.99 && day.budgetsMet.value <= 1);
  const [before, risen] = [-20, 20].map((second) => surge.find((step) => step.second === second)!);
  assert.ok(risen!.offeredPerSecond > 2.5 * before!.offeredPerSecond);
  assert.ok(risen!.effectiveF1 < before!.effectiveF1);
  assert.ok(surge.at(-1)!.ready > before!.ready);
  assert.ok(files.some((name) => name.endsWith('.svg')));
  assert.ok(lines.some((line) => line.includes('standard errors of the sample')));
});

test('simulate refuses a smallest fleet above the largest', async () => {
  const flags = parseFlags(['--min-replicas', '9', '--max-replicas', '8'], simulateFlags);

  await assert.rejects(runSimulate(flags), UsageError);
});
