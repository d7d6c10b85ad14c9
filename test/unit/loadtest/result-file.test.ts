import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { Device } from '../../../loadtest/device.js';
import { writeResult } from '../../../loadtest/result-file.js';

describe('writeResult', () => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'entier-result-'));
  after(() => rmSync(root, { recursive: true }));

  it('writes device, command and parameters beside the result, into a file named by what and when', () => {
    const startedAt = new Date('2026-01-02T03:04:05.678Z');
    const parameters = { duration: 3 };
    const folder = path.join(root, 'results');

    const file = writeResult({ what: 'tiers', startedAt, parameters, folder }, { rows: [1] });

    assert.equal(file, path.join(folder, 'tiers-2026-01-02T03-04-05Z.json'));
    const written = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    assert.equal(written.startedAt, '2026-01-02T03:04:05.678Z');
    assert.deepEqual(written.parameters, parameters);
    assert.deepEqual(written.rows, [1]);
    assert.match(String(written.command), /^node [^/]/);
    const device = written.device as Device;
    assert.ok(device.cores >= 1 && device.memoryMiB > 0 && device.cpu !== '');
    assert.equal(device.node, process.version);
    assert.match(device.onnxruntime, /^\d+\.\d+\.\d+/);
  });
});
