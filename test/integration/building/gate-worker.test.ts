import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { GateError, GateWorker } from '../../../src/building/gate-worker.js';
import { allGone, childrenOf } from '../../support/child-processes.js';
import { MISBEHAVIOUR } from '../../support/misbehaviour.js';
import type { BatchInput, LoadVariant } from '../../../src/runtime/protocol.js';

const FAKE_HOST = path.join(import.meta.dirname, '../../support/fake-worker-host.js');

function variantAt(file: string): LoadVariant {
  const providers = ['cpu'] as const;
  return { name: 'v', path: file, sha256: '', labelCount: 9, padId: 0, providers, threads: 1 };
}

function inputOf(id: number): BatchInput {
  const ids = Int32Array.of(101, id, 102);
  return { variant: 'v', lengths: Int32Array.of(3), ids, caseTypes: new Uint8Array(3) };
}

describe('GateWorker', { timeout: 60_000 }, () => {
  it('loads a variant and runs it', async () => {
    const worker = new GateWorker(FAKE_HOST, () => undefined);

    assert.equal(await worker.load(variantAt('good')), 'cpu');
    assert.equal((await worker.run(inputOf(4))).logits.length, 9);
    await worker.close();
  });

  it('fails once, and is not replaced, where its process dies while it loads', async () => {
    const before = childrenOf(process.pid);
    const worker = new GateWorker(FAKE_HOST, () => undefined);
    const { pid } = worker;

    await assert.rejects(worker.load(variantAt('crash-at-load')), (error) => {
      assert.ok(error instanceof GateError);
      assert.match(error.message, /the process that loaded it ended with code 7/);
      return true;
    });
    await allGone([pid]);
    assert.deepEqual(childrenOf(process.pid), before);
    await worker.close();
  });

  it('fails where the process dies while it runs, and where the run is refused', async () => {
    const worker = new GateWorker(FAKE_HOST, () => undefined);
    await worker.load(variantAt('good'));

    await assert.rejects(worker.run(inputOf(MISBEHAVIOUR.refuse)), /it does not run: refused/);
    await assert.rejects(worker.run(inputOf(MISBEHAVIOUR.crash)), /ended with SIGKILL/);
    await worker.close();
  });

  it('fails where the model is refused', async () => {
    const worker = new GateWorker(FAKE_HOST, () => undefined);

    await assert.rejects(worker.load(variantAt('missing')), /it does not load: not there/);
    await worker.close();
  });

  it('closes before anything was loaded', async () => {
    const worker = new GateWorker(FAKE_HOST, () => undefined);
    await worker.close();
    await allGone([worker.pid]);
  });
});
