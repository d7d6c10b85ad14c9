import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { SpareFailedError } from '../../../src/runtime/spare-worker.js';
import { WorkerDiedError } from '../../../src/runtime/worker.js';
import { WorkerPool } from '../../../src/runtime/worker-pool.js';
import { allGone, childrenOf } from '../../support/child-processes.js';
import { MISBEHAVIOUR } from '../../support/misbehaviour.js';
import type { BatchInput, LoadVariant } from '../../../src/runtime/protocol.js';

const HUNG_AFTER_MS = 30_000;
const hostPath = path.join(import.meta.dirname, '../../support/fake-worker-host.js');
const pools: WorkerPool[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'entier-rolling-'));
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
  await allGone(childrenOf(process.pid));
  rmSync(folder, { recursive: true, force: true });
});

const file = (): string => path.join(folder, 'model');

function variant(name: string, file = 'good'): LoadVariant {
  const providers = ['cpu'] as const;
  return { name, path: file, sha256: '', labelCount: 3, padId: 0, providers, threads: 1 };
}

function batch(name: string, id = 1): BatchInput {
  return {
    variant: name,
    lengths: Int32Array.of(3),
    ids: Int32Array.of(0, id, 0),
    caseTypes: new Uint8Array(3),
  };
}

interface TestPool {
  readonly pool: WorkerPool;
  readonly restarts: string[];
  /** The least workers in service that were ever seen when something changed. */
  readonly least: () => number;
}

async function startPool(workers = 2): Promise<TestPool> {
  const restarts: string[] = [];
  let least = Infinity;
  const pool = new WorkerPool({
    workers,
    hostPath,
    variants: [variant('a')],
    logger: pino({ level: 'silent' }),
    onFree: () => (least = Math.min(least, pool.readyCount)),
    onRestart: (reason) => restarts.push(reason),
    onVariantFailed: () => undefined,
  });
  pools.push(pool);
  await pool.start();
  least = Infinity;
  return { pool, restarts, least: () => least };
}

/** Runs on every worker at once, so that each is seen to hold it. */
async function runEverywhere(pool: WorkerPool, name: string): Promise<void> {
  assert.equal(pool.freeCount, pool.readyCount);
  const runs = Array.from({ length: pool.readyCount }, () =>
    pool.run(batch(name, MISBEHAVIOUR.slow), HUNG_AFTER_MS),
  );
  await Promise.all(runs);
}

function spares(pool: WorkerPool): number[] {
  return childrenOf(process.pid).filter((pid) => !pool.pids.includes(pid));
}

async function theSpare(pool: WorkerPool): Promise<number> {
  for (;;) {
    const [pid] = spares(pool);
    if (pid !== undefined) return pid;
    await delay(5);
  }
}

describe('WorkerPool.load', () => {
  it('gives a variant to every worker, with one process fewer at no time', async () => {
    const { pool, least } = await startPool(3);
    const before = pool.pids;

    await pool.load(variant('b'));

    assert.equal(pool.providerOf('b'), 'cpu');
    await runEverywhere(pool, 'b');
    await runEverywhere(pool, 'a');
    assert.equal(least(), 3);
    assert.equal(pool.pids.length, 3);
    assert.equal(before.filter((pid) => pool.pids.includes(pid)).length, 2, 'two serve elsewhere');
    assert.deepEqual(spares(pool), []);
  });

  it('runs on whatever comes meanwhile', async () => {
    const { pool } = await startPool();
    const state = { changing: true };
    const changed = pool
      .load(variant('b'))
      .then(() => pool.unload('b'))
      .finally(() => (state.changing = false));
    let runs = 0;
    while (state.changing) {
      assert.equal(pool.readyCount, 2);
      if (pool.freeCount > 0) runs += (await pool.run(batch('a'), HUNG_AFTER_MS)).logits.length;
      await new Promise(setImmediate);
    }
    await changed;
    assert.ok(runs > 0);
  });

  it('lets a run end before its worker is replaced', async () => {
    const { pool } = await startPool(1);
    const [before] = pool.pids;
    const running = pool.run(batch('a', MISBEHAVIOUR.hold), HUNG_AFTER_MS);
    let loaded = false;
    const loading = pool.load(variant('b')).then(() => (loaded = true));
    await theSpare(pool);
    await delay(150);
    assert.ok(!loaded);
    assert.equal(pool.freeCount, 0);

    process.kill(before!, 'SIGUSR2');

    await running;
    await loading;
    assert.notEqual(pool.pids[0], before);
    await runEverywhere(pool, 'b');
  });

  it('leaves the workers as they are if the variant cannot be loaded', async () => {
    const { pool, restarts } = await startPool();
    const before = pool.pids;

    await assert.rejects(pool.load(variant('b', 'missing')), SpareFailedError);
    await assert.rejects(pool.load(variant('c', 'crash-at-load')), WorkerDiedError);

    assert.deepEqual(pool.pids, before);
    assert.deepEqual(restarts, []);
    await runEverywhere(pool, 'a');
    assert.deepEqual(spares(pool), []);
  });

  it('takes the variant from the workers that have it if a later one cannot load it', async () => {
    const { pool, restarts } = await startPool();
    writeFileSync(file(), '');

    await assert.rejects(pool.load(variant('b', `once:${file()}`)), /b: not there/);

    assert.equal(pool.providerOf('b'), undefined);
    assert.deepEqual(restarts, []);
    await runEverywhere(pool, 'a');
    assert.deepEqual(spares(pool), []);
  });

  it('fails alone if the spare worker is killed while it loads', async () => {
    const { pool, restarts } = await startPool();
    const before = pool.pids;
    const loading = pool.load(variant('b', `after:${file()}`));
    const spare = await theSpare(pool);

    process.kill(spare, 'SIGKILL');

    await assert.rejects(loading, /SIGKILL/);
    assert.deepEqual(pool.pids, before);
    assert.deepEqual(restarts, []);
    await pool.load(variant('c'));
    await runEverywhere(pool, 'c');
  });

  it('makes two changes one after the other', async () => {
    const { pool } = await startPool();

    await Promise.all([
      pool.load(variant('b')),
      pool.load(variant('x', 'missing')).catch(() => undefined),
      pool.load(variant('c')),
    ]);

    for (const name of ['a', 'b', 'c']) await runEverywhere(pool, name);
  });

  it('goes on when a worker in service dies meanwhile', async () => {
    const { pool, restarts } = await startPool();
    const loading = pool.load(variant('b', `after:${file()}`));
    await theSpare(pool);
    process.kill(pool.pids[0]!, 'SIGKILL');
    while (restarts.length === 0) await delay(5);

    writeFileSync(file(), '');
    await loading;

    assert.deepEqual(restarts, ['crashed']);
    assert.equal(pool.readyCount, 2);
    await runEverywhere(pool, 'b');
  });

  it('gives what was loaded to the replacement of a worker that dies later', async () => {
    const { pool } = await startPool();
    await pool.load(variant('b'));

    process.kill(pool.pids[1]!, 'SIGKILL');
    while (pool.readyCount === 2) await delay(5);
    while (pool.readyCount < 2) await delay(5);

    await runEverywhere(pool, 'b');
  });

  it('ends with the pool, spare worker included', async () => {
    const { pool } = await startPool();
    const loading = assert.rejects(pool.load(variant('b', `after:${file()}`)), WorkerDiedError);
    const queued = assert.rejects(pool.load(variant('c')), WorkerDiedError);
    const pids = [...pool.pids, await theSpare(pool)];

    await pool.close();

    await loading;
    await queued;
    await allGone(pids);
  });
});

describe('WorkerPool.prepare', () => {
  it('starts the spare worker that a later change begins with', async () => {
    const { pool } = await startPool();
    pool.prepare();
    const spare = await theSpare(pool);

    await pool.load(variant('b'));

    assert.equal(pool.pids[0], spare);
    await runEverywhere(pool, 'b');
  });

  it('ends it if there is no use for it, and starts another if it died or holds too little', async () => {
    const { pool } = await startPool();
    pool.prepare();
    const first = await theSpare(pool);
    await pool.unprepare();
    await allGone([first]);

    pool.prepare();
    const second = await theSpare(pool);
    process.kill(second, 'SIGKILL');
    await allGone([second]);
    await pool.load(variant('b'));

    pool.prepare();
    await theSpare(pool);
    await pool.unload('a');
    await pool.load(variant('c'));
    for (const name of ['b', 'c']) await runEverywhere(pool, name);
    assert.deepEqual(spares(pool), []);
  });
});

describe('WorkerPool.unload', () => {
  it('replaces every worker by one that does not hold the variant', async () => {
    const { pool, least } = await startPool();
    await pool.load(variant('b'));
    const before = pool.pids;

    await pool.unload('a');

    assert.ok(pool.pids.every((pid) => !before.includes(pid)));
    assert.equal(pool.providerOf('a'), undefined);
    await runEverywhere(pool, 'b');
    assert.equal(least(), 2);
    await allGone(before);
  });

  it('keeps serving with the present workers if no other can be started', async () => {
    const { pool } = await startPool(1);
    writeFileSync(file(), '');
    await pool.load(variant('b', `once:${file()}`));
    const before = pool.pids;

    await pool.unload('a');

    assert.deepEqual(pool.pids, before);
    await runEverywhere(pool, 'b');
  });
});
