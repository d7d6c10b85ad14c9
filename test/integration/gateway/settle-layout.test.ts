import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { settleLayout, type SettleLayoutOptions } from '../../../src/gateway/settle-layout.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';
import { MeasurementStore } from '../../../src/registry/measurement-store.js';
import { readModels } from '../../../src/registry/read-models.js';
import { candidateLayouts } from '../../../src/runtime/worker-layout.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { childrenOf } from '../../support/child-processes.js';
import type { LayoutMeasurement } from '../../../src/registry/measurement-store.js';

const MODELS = 'test/fixtures/models';
const CORES = 2;
const hostPath = fileURLToPath(new URL('../../../src/runtime/worker-host.js', import.meta.url));
const root = mkdtempSync(path.join(tmpdir(), 'entier-layouts-'));
after(() => rmSync(root, { recursive: true }));

/** Real workers and the fixture's models on a host that says of itself that it has two idle cores. */
async function host(folder: string, change: Partial<SettleLayoutOptions> = {}) {
  const lines: string[] = [];
  const exchanged: string[] = [];
  const dir = path.join(root, folder);
  const options: SettleLayoutOptions = {
    wanted: { workers: 'auto', threads: 'auto' },
    registry: await readModels(MODELS),
    providers: ['cpu'],
    store: new MeasurementStore(dir),
    host: { cpuModel: 'some CPU', cpuFlags: '', cores: CORES, runtime: 'a runtime' },
    openExchange: () =>
      Promise.resolve({
        exchange: (text: string) => {
          exchanged.push(text);
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      }),
    hostPath,
    tokenizer: TextTokenizer.fromFile(path.join(MODELS, 'tokenizer/tokenizer.json')),
    now: () => performance.now(),
    logger: createLogger('info', { write: (line: string) => void lines.push(line) }),
    coreWaitMs: () => undefined,
    signal: new AbortController().signal,
    ...change,
  };
  return { dir, lines, exchanged, options };
}

describe('settleLayout with real workers', () => {
  it('measures every candidate at a first start, keeps the outcome, and measures no more', async () => {
    const first = await host('kept');

    const chosen = await settleLayout(first.options);

    assert.equal(chosen.chosenBy, 'measurement');
    const [file = ''] = readdirSync(first.dir);
    const kept = JSON.parse(readFileSync(path.join(first.dir, file), 'utf8')) as LayoutMeasurement;
    const measured = kept.figures.map(({ workers, threads }) => ({ workers, threads }));
    assert.deepEqual(new Set(measured), new Set(candidateLayouts(CORES)));
    assert.ok(kept.figures.every(({ answersPerSecond }) => answersPerSecond > 0));
    assert.deepEqual([kept.workers, kept.threads], [chosen.workers, chosen.threads]);
    assert.match(first.lines.join(''), /measuring worker layouts.*chose \d x \d/s);
    // Each text that was answered came by the way of a request.
    assert.ok(first.exchanged.length > 100, `${first.exchanged.length} exchanges`);
    assert.deepEqual(childrenOf(process.pid), []);

    const second = await host('kept', {
      openExchange: () => assert.fail('the second start measures'),
    });
    assert.deepEqual(await settleLayout(second.options), chosen);
    assert.deepEqual(second.lines, []);
  });

  it('measures again on another host', async () => {
    const first = await host('other-host');
    await settleLayout(first.options);
    const second = await host('other-host', {
      host: { ...first.options.host, cpuFlags: 'avx512_vnni' },
    });

    await settleLayout(second.options);

    assert.ok(second.exchanged.length > 0);
    assert.equal(readdirSync(second.dir).length, 2);
  });

  it('falls back to the rule with a warning where the measurement fails, and keeps nothing', async () => {
    const { options, lines, dir } = await host('failing', {
      openExchange: () => Promise.reject(new Error('no port is free')),
    });

    const layout = await settleLayout(options);

    assert.deepEqual(layout, { workers: 2, threads: 1, chosenBy: 'rule' });
    assert.match(lines.join(''), /"warn".*no port is free.*cannot be measured/);
    assert.throws(() => readdirSync(dir), { code: 'ENOENT' });
  });

  it('does the same where a request fails on its way', async () => {
    let exchanges = 0;
    const { options, lines } = await host('failing-exchange', {
      openExchange: () =>
        Promise.resolve({
          exchange: () => {
            exchanges += 1;
            return exchanges > 50 ? Promise.reject(new Error('cut off')) : Promise.resolve();
          },
          close: () => Promise.resolve(),
        }),
    });

    const layout = await settleLayout(options);

    assert.deepEqual(layout, { workers: 2, threads: 1, chosenBy: 'rule' });
    assert.match(lines.join(''), /"warn".*cut off/);
    assert.deepEqual(childrenOf(process.pid), []);
  });

  it('does the same on a host whose cores others use', async () => {
    let waitedMs = 0;
    const { options, lines, dir } = await host('busy', {
      coreWaitMs: () => (waitedMs += 1000),
    });

    const layout = await settleLayout(options);

    assert.deepEqual(layout, { workers: 2, threads: 1, chosenBy: 'rule' });
    assert.match(lines.join(''), /other work takes the cores/);
    assert.throws(() => readdirSync(dir), { code: 'ENOENT' });
    assert.deepEqual(childrenOf(process.pid), []);
  });

  it('ends early when the gateway closes, and leaves no worker', async () => {
    const closing = new AbortController();
    const { options, lines } = await host('closing', {
      signal: closing.signal,
      openExchange: () =>
        Promise.resolve({
          exchange: () => {
            closing.abort();
            return Promise.resolve();
          },
          close: () => Promise.resolve(),
        }),
    });

    await assert.rejects(settleLayout(options), { name: 'AbortError' });

    assert.doesNotMatch(lines.join(''), /chose|warn/);
    assert.deepEqual(childrenOf(process.pid), []);
  });

  it('measures and serves all the same where the outcome cannot be kept', async () => {
    const { options, lines } = await host('not-kept', {
      store: new MeasurementStore('/dev/null/profiles'),
    });

    const { chosenBy } = await settleLayout(options);

    assert.equal(chosenBy, 'measurement');
    assert.match(lines.join(''), /the layout cannot be kept/);
  });
});
