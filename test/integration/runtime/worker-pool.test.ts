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

/** Waits until there is no such process. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
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

  it('gives all workers other variants, each in a process that has served nothing before', async () => {
    const { pool } = poolOf({ workers: 2 });
    await pool.start();
    const before = pool.pids;
    const slow = pool.run(batch(MISBEHAVIOUR.slow), HUNG_AFTER_MS);

    await pool.exchange([variant('a'), variant('b')]);

    assert.equal(pool.readyCount, 2);
    assert.ok(pool.pids.every((pid) => !before.includes(pid)));
    assert.deepEqual([...(await slow).logits], [0, 9, 0], 'the run of a worker that left');
    await pool.run({ ...batch(1), variant: 'b' }, HUNG_AFTER_MS);
    for (const pid of before) await gone(pid);
  });

  it('runs on whatever comes while it exchanges', async () => {
    const { pool } = poolOf({ workers: 2 });
    await pool.start();
    const state = { exchanging: true };
    const exchanged = pool.exchange([variant('a')]).finally(() => (state.exchanging = false));
    let runs = 0;
    while (state.exchanging) {
      assert.ok(pool.readyCount === 2, 'no worker less than before');
      if (pool.freeCount > 0) runs += (await pool.run(batch(1), HUNG_AFTER_MS)).logits.length;
      await new Promise(setImmediate);
    }
    await exchanged;
    assert.ok(runs > 0);
  });

  for (const [how, file] of [
    ['cannot load one', 'missing'],
    ['dies over one', 'crash-at-load'],
  ] as const) {
    it(`keeps its workers where a replacement ${how}`, async () => {
      const { pool, events } = poolOf({ workers: 2 });
      const failed: unknown[] = [];
      events.on('variant-failed', (name) => failed.push(name));
      await pool.start();
      const before = pool.pids;

      await assert.rejects(pool.exchange([variant('a'), variant('b', file)]));

      assert.deepEqual(pool.pids, before);
      assert.deepEqual(failed, [], 'no variant that serves has failed');
      await pool.exchange([variant('a')]);
      await pool.run(batch(1), HUNG_AFTER_MS);
    });
  }

  it('replaces a worker that dies after an exchange by one with the new variants', async () => {
    const { pool, events } = poolOf({});
    await pool.start();
    await pool.exchange([variant('a'), variant('b')]);
    const [pid] = pool.pids;
    process.kill(pid!, 'SIGKILL');
    await once(events, 'restart');
    while (pool.freeCount === 0) await once(events, 'free');
    await pool.run({ ...batch(1), variant: 'b' }, HUNG_AFTER_MS);
  });

  it('ends replacements that load when it closes', async () => {
    const { pool } = poolOf({ workers: 2 });
    await pool.start();
    const exchanged = pool.exchange([variant('a')]);
    await Promise.all([assert.rejects(exchanged), pool.close()]);
  });

  it('leaves no process behind when it closes', async () => {
    const { pool } = poolOf({ workers: 2 });
    await pool.start();
    const { pids } = pool;

    await pool.close();

    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});
