import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, it } from 'node:test';
import { abFlags, runAb } from '../../../loadtest/ab.js';
import { parseFlags } from '../../../loadtest/flags.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-own-gateway-'));
after(() => rmSync(folder, { recursive: true }));

it('ab starts the gateway with an experiment of its own, and both sides count the same', async (context) => {
  context.mock.method(console, 'log', () => undefined);
  process.env.ENTIER_MODELS_DIR = 'test/fixtures/models';
  process.env.ENTIER_PROFILES_DIR = path.join(folder, 'profiles');
  const args = ['--arms', 'tiny,tiny-int8', '--duration', '1', '--warmup', '0', '--out', folder];

  await runAb(parseFlags(args, abFlags));

  const file = readdirSync(folder).find((name) => name.startsWith('ab-'))!;
  const { client, server } = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Record<
    'client' | 'server',
    { requests: number }[]
  >;
  const total = (side: { requests: number }[]) => side.reduce((sum, arm) => sum + arm.requests, 0);
  assert.equal(client.length, 2);
  assert.ok(total(client) > 0);
  // At the end each of the four connections may leave a request behind that only the server counts.
  const more = total(server) - total(client);
  assert.ok(more >= 0 && more <= 4, `the server counts ${more} more`);
});
