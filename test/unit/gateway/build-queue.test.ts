import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { BuildQueue, type MakeBuild } from '../../../src/gateway/build-queue.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { BuildView } from '../../../src/gateway/build-view.js';

const WANTED = { kind: 'build', name: 'x', parent: 'full', recipe: {} } as const;
const SOON = () => new Promise((resolve) => setImmediate(resolve));

function queueOf() {
  const metrics = createMetrics({ ofProcess: false });
  return new BuildQueue({ logger: pino({ level: 'silent' }), metrics });
}

/** Builds that end when the test says so. */
function builds() {
  const running: { end: (state: 'active' | 'failed') => void; signal: AbortSignal }[] = [];
  const make: MakeBuild = (report, signal) => {
    if (signal.aborted) return Promise.resolve({ state: 'cancelled' });
    report({ state: 'building', progress: 0.5 });
    return new Promise((resolve) => {
      running.push({ end: (state) => resolve({ state }), signal });
      signal.addEventListener('abort', () => resolve({ state: 'cancelled' }));
    });
  };
  return { running, make };
}

describe('BuildQueue', () => {
  it('runs one build after the other', async () => {
    const queue = queueOf();
    const { running, make } = builds();
    const ids = [1, 2, 3].map(() => queue.add(WANTED, make).id);
    await SOON();
    assert.deepEqual(
      ids.map((id) => queue.get(id).state),
      ['building', 'queued', 'queued'],
    );
    for (let turn = 0; turn < 3; turn += 1) {
      assert.equal(running.length, turn + 1);
      running[turn]!.end('active');
      await SOON();
    }
    assert.ok(ids.every((id) => queue.get(id).state === 'active'));
    assert.ok(ids.every((id) => queue.get(id).finishedAt !== undefined));
  });

  it('lets eight wait and refuses the next', async () => {
    const queue = queueOf();
    const { make } = builds();
    queue.add(WANTED, make);
    await SOON();
    for (let waiting = 0; waiting < 8; waiting += 1) queue.add(WANTED, make);
    assert.throws(
      () => queue.add(WANTED, make),
      (error: { code: string; extra: { limit: number } }) =>
        error.code === 'build_queue_full' && error.extra.limit === 8,
    );
    await queue.close();
    assert.ok(queue.list().every(({ state }) => state === 'cancelled'));
  });

  it('tells watchers every change until the end', async () => {
    const queue = queueOf();
    const { running, make } = builds();
    const { id } = queue.add(WANTED, make);
    const seen: BuildView['state'][] = [];
    queue.watch(id, ({ state }) => seen.push(state));
    await SOON();
    running[0]!.end('active');
    await SOON();
    assert.deepEqual(seen, ['building', 'active']);
  });

  it('cancels what waits and what runs, and nothing that has ended', async () => {
    const queue = queueOf();
    const { running, make } = builds();
    const [first, second] = [queue.add(WANTED, make), queue.add(WANTED, make)];
    await SOON();
    assert.equal(queue.cancel(second.id).state, 'cancelled');
    queue.cancel(first.id);
    assert.ok(running[0]!.signal.aborted);
    await SOON();
    assert.equal(queue.get(first.id).state, 'cancelled');
    assert.throws(() => queue.cancel(first.id), { code: 'conflict' });
    assert.equal(running.length, 1, 'what waited was never built');
  });

  it('goes on after a build that throws', async () => {
    const queue = queueOf();
    const { running, make } = builds();
    const broken = queue.add(WANTED, () => Promise.reject(new Error('secret')));
    const next = queue.add(WANTED, make);
    await SOON();
    const { state, error } = queue.get(broken.id);
    assert.deepEqual([state, error?.code], ['failed', 'internal']);
    assert.ok(!error!.detail.includes('secret'));
    running[0]!.end('active');
    await SOON();
    assert.equal(queue.get(next.id).state, 'active');
  });

  it('forgets the oldest of many that have ended', async () => {
    const queue = queueOf();
    const ids: string[] = [];
    for (let count = 0; count < 103; count += 1) {
      ids.push(queue.add(WANTED, () => Promise.resolve({ state: 'failed' })).id);
      await SOON();
    }
    assert.equal(queue.list().length, 100);
    assert.throws(() => queue.get(ids[0]!), { code: 'not_found' });
    assert.equal(queue.list()[0]!.id, ids.at(-1));
  });
});
