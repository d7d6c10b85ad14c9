import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CoreWaits, HostBusyError } from '../../../src/gateway/core-waits.js';
import { coreTime, type CoreTime } from '../../../src/runtime/core-time.js';

const pool = { pids: [1, 2] };
const leavesOne = { workers: 3, threads: 1 };

/** Gives these sums one after the other. */
function sums(...of: [ranMs: number, waitedMs: number][]): () => CoreTime | undefined {
  return () => {
    const next = of.shift();
    return next && { ranMs: next[0], waitedMs: next[1] };
  };
}

const slice = (): Promise<string> => Promise.resolve('done');

describe('CoreWaits', () => {
  it('finds nothing where workers get a core when they want one', async () => {
    const waits = new CoreWaits(4, sums([100, 50], [200, 55]));
    assert.equal(await waits.during(slice, leavesOne, pool), 'done');
    waits.check();
  });

  it('finds the host busy where they wait although their layout leaves a core', async () => {
    const waits = new CoreWaits(4, sums([100, 0], [170, 30]));
    await waits.during(slice, leavesOne, pool);
    assert.throws(() => waits.check(), HostBusyError);
    assert.throws(() => waits.check(), /waited for one 30 % .*ENTIER_WORKERS/);
  });

  it('does not count layouts that use all cores: there they wait for each other', async () => {
    const waits = new CoreWaits(4, sums([0, 0], [10, 90]));
    await waits.during(slice, { workers: 2, threads: 2 }, pool);
    waits.check();
  });

  it('finds nothing where the system does not tell', async () => {
    const waits = new CoreWaits(4, () => undefined);
    await waits.during(slice, leavesOne, pool);
    waits.check();
  });
});

describe('coreTime', () => {
  it('tells that this process has run', { skip: process.platform !== 'linux' }, () => {
    const before = coreTime([process.pid])!;
    while (coreTime([process.pid])!.ranMs === before.ranMs);
    assert.ok(coreTime([process.pid])!.ranMs > before.ranMs);
  });

  it('tells nothing of a process that there is not', () => {
    assert.equal(coreTime([2 ** 30]), undefined);
  });
});
