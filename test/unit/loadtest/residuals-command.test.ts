import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parseFlags } from '../../../loadtest/flags.js';
import { residualsFlags, runResiduals } from '../../../loadtest/residuals.js';
import { measuredResiduals } from '../../../loadtest/simulation/residuals.js';
import { startFakeGateway } from './fake-gateway.js';

const out = mkdtempSync(path.join(os.tmpdir(), 'entier-residuals-'));
after(() => rmSync(out, { recursive: true }));

test('residuals writes what the simulator can draw from, pinned and past the cache', async (context) => {
  context.mock.method(console, 'log', () => undefined);
  const gateway = await startFakeGateway();
  const args = ['--url', gateway.url, '--requests', '150', '--out', out];

  await runResiduals(parseFlags(args, residualsFlags));
  await gateway.close();

  assert.ok(gateway.seen.every(({ variant, cacheControl }) => variant === 'full' && cacheControl));
  assert.ok(gateway.seen.length >= 165, 'a tenth more warm up');
  const file = path.join(out, readdirSync(out)[0]!);
  assert.match(measuredResiduals(file).source, /^measured: 15\d runs/);
});
