import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { MeasurementStore, type MeasuredHost } from '../../../src/registry/measurement-store.js';

const root = mkdtempSync(path.join(tmpdir(), 'entier-measurements-'));
after(() => rmSync(root, { recursive: true }));

const host: MeasuredHost = {
  cpuModel: 'some CPU',
  cpuFlags: 'avx2',
  runtime: 'onnxruntime-node 1.30.0',
  provider: 'cpu',
  workers: 2,
  threads: 1,
};
const digest = 'ab'.repeat(32);
const measurement = { profile: { a: 1, b: 2, c: 3 }, agreement: 1, measuredAt: '2026-01-01' };

describe('MeasurementStore', () => {
  it('gives back what was written for the same host and model', async () => {
    const dir = path.join(root, 'kept');
    await new MeasurementStore(dir).write(host, digest, measurement);
    assert.deepEqual(await new MeasurementStore(dir).read(host, digest), measurement);
    assert.equal(readdirSync(dir).length, 1, 'nothing is left beside it');
  });

  it('knows nothing of another CPU, runtime, provider, layout or model', async () => {
    const store = new MeasurementStore(path.join(root, 'other'));
    await store.write(host, digest, measurement);
    const others: Partial<MeasuredHost>[] = [
      { cpuFlags: 'avx512_vnni' },
      { runtime: 'onnxruntime-node 1.31.0' },
      { provider: 'cuda' },
      { threads: 2 },
    ];
    for (const other of others) {
      assert.equal(await store.read({ ...host, ...other }, digest), undefined);
    }
    assert.equal(await store.read(host, 'cd'.repeat(32)), undefined);
  });

  it('measures again rather than trust a damaged file', async () => {
    const dir = path.join(root, 'damaged');
    const store = new MeasurementStore(dir);
    await store.write(host, digest, measurement);
    writeFileSync(path.join(dir, readdirSync(dir)[0]!), '{"profile":');
    assert.equal(await store.read(host, digest), undefined);
  });

  it('keeps a layout by host, cores and models, apart from what it knows of variants', async () => {
    const store = new MeasurementStore(path.join(root, 'layouts'));
    const { cpuModel, cpuFlags, runtime, provider } = host;
    const layoutHost = { cpuModel, cpuFlags, runtime, provider, cores: 2 };
    const figures = [{ workers: 2, threads: 1, answersPerSecond: 470 }];
    const layout = { workers: 2, threads: 1, figures, measuredAt: '2026-01-01' };

    await store.writeLayout(layoutHost, digest, layout);

    assert.deepEqual(await store.readLayout(layoutHost, digest), layout);
    assert.equal(await store.readLayout({ ...layoutHost, cores: 4 }, digest), undefined);
    assert.equal(await store.readLayout(layoutHost, 'cd'.repeat(32)), undefined);
    assert.equal(await store.read(host, digest), undefined);
  });

  it('rejects where it cannot write', async () => {
    const file = path.join(root, 'a-file');
    writeFileSync(file, '');
    await assert.rejects(new MeasurementStore(file).write(host, digest, measurement));
  });
});
