import assert from 'node:assert/strict';
import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { RunFailedError, WorkerDiedError } from '../../../src/runtime/worker.js';
import { WorkerPool, type WorkerPoolOptions } from '../../../src/runtime/worker-pool.js';
import { MISBEHAVIOUR } from '../../support/misbehaviour.js';
import type { BatchInput, LoadVariant } from '../../../src/runtime/protocol.js';

const HUNG_AFTER_MS = 5_000;
const hostPath = path.join(import.meta.dirname, '../../support/fake-worker-host.js');
const pools: WorkerPool[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function variant(name: string, file = 'good'): LoadVariant {
  return {
    name,
    path: file,
    sha256: '',
    labelCount: 3,
    padId: 0,
    providers: ['cpu'],
    threads: 1,
  };
}

function batch(...ids: number[]): BatchInput {
  return {
    variant: 'a',
    lengths: Int32Array.of(ids.length + 2),
    ids: Int32Array.of(0, ...ids, 0),
    caseTypes: new Uint8Array(ids.length + 2),
  };
}

/** A pool of fake workers; its callbacks become events. */
function poolOf(options: Partial<WorkerPoolOptions>): { pool: WorkerPool; events: EventEmitter } {
  const events = new EventEmitter();
  const pool = new WorkerPool({
    workers: 1,
    hostPath,
    variants: [variant('a')],
    logger: pino({ level: 'silent' }),
    onFree: () => events.emit('free'),
    onRestart: (reason) => events.emit('restart', reason),
    onVariantFailed: (name, failure) => events.emit('variant-failed', name, failure),
    ...options,
  });
  pools.push(pool);
  return { pool, events };
}

describe('WorkerPool', () => {
  it('runs a batch and gives back its logits', async () => {
    const { pool } = poolOf({});
    await pool.start();

    const { logits } = await pool.run(batch(4, 5), HUNG_AFTER_MS);

    assert.deepEqual([...logits], [0, 9, 0, 0, 0, 9]);
    assert.equal(pool.providerOf('a'), 'cpu');
    assert.equal(pool.runtimeVersion, 'fake');
  });

  it('uses all workers at once', async () => {
    const { pool } = poolOf({ workers: 2 });
    await pool.start();

    const runs = [
      pool.run(batch(MISBEHAVIOUR.slow), HUNG_AFTER_MS),
      pool.run(batch(1), HUNG_AFTER_MS),
    ];

    assert.equal(pool.freeCount, 0);
    await Promise.all(runs);
    assert.equal(pool.freeCount, 2);
  });

  it('goes on without a variant that cannot be loaded', async () => {
    const { pool, events } = poolOf({ variants: [variant('b', 'missing'), variant('a')] });
    const failed = once(events, 'variant-failed');

    await pool.start();

    assert.deepEqual(await failed, ['b', 'missing']);
    assert.equal(pool.providerOf('b'), undefined);
    await pool.run(batch(1), HUNG_AFTER_MS);
  });

  it('rejects the run of a worker that dies, and replaces the worker', async () => {
    const { pool, events } = poolOf({});
    await pool.start();
    const [before] = pool.pids;
    const restarted = once(events, 'restart');

    await assert.rejects(pool.run(batch(MISBEHAVIOUR.crash), HUNG_AFTER_MS), WorkerDiedError);

    assert.deepEqual(await restarted, ['crashed']);
    while (pool.freeCount === 0) await once(events, 'free');
    assert.notEqual(pool.pids[0], before);
    await pool.run(batch(1), HUNG_AFTER_MS);
  });

  it('kills a worker that hangs', async () => {
    const { pool, events } = poolOf({});
    await pool.start();
    const restarted = once(events, 'restart');

    await assert.rejects(pool.run(batch(MISBEHAVIOUR.hang), 1), WorkerDiedError);

    assert.deepEqual(await restarted, ['hung']);
  });

  it('keeps the worker when the model refuses a batch', async () => {
    const { pool } = poolOf({});
    await pool.start();
    const [before] = pool.pids;

    await assert.rejects(pool.run(batch(MISBEHAVIOUR.refuse), HUNG_AFTER_MS), RunFailedError);

    await pool.run(batch(1), HUNG_AFTER_MS);
    assert.deepEqual(pool.pids, [before]);
  });

  it('rejects its start when a worker dies while it loads', async () => {
    const { pool } = poolOf({ variants: [variant('a', 'crash-at-load')] });
    await assert.rejects(pool.start(), /code 7 while it loaded/);
  });

  it('leaves no process behind when it closes', async () => {
    const { pool } = poolOf({ workers: 2 });
    await pool.start();
    const { pids } = pool;

    await pool.close();

    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});
