import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CoreWaits, HostBusyError } from '../../../src/gateway/core-waits.js';
import { coreWaitMs } from '../../../src/runtime/core-wait.js';

const pool = { pids: [1, 2, 3] };
const leavesOne = { workers: 3, threads: 1 };
const SLICE_MS = 50;

/** On four cores, with slices of 50 ms before and after which workers have waited so long. */
function waitsOf(before: number | undefined, after: number | undefined) {
  let at = 0;
  const sums = [before, after];
  const waits = new CoreWaits({ cores: 4, now: () => at, timeOf: () => sums.shift() });
  const slice = (): Promise<string> => {
    at += SLICE_MS;
    return Promise.resolve('done');
  };
  return { waits, slice };
}

describe('CoreWaits', () => {
  it('finds nothing where workers get a core when they want one', async () => {
    const { waits, slice } = waitsOf(100, 115);
    assert.equal(await waits.during(slice, leavesOne, pool), 'done');
    waits.check();
  });

  it('finds the host busy where they wait although their layout leaves a core', async () => {
    const { waits, slice } = waitsOf(100, 145);
    await waits.during(slice, leavesOne, pool);
    assert.throws(() => waits.check(), HostBusyError);
    assert.throws(() => waits.check(), /waited for one 30 % .*ENTIER_WORKERS/);
  });

  it('does not count layouts that use all cores: there they wait for each other', async () => {
    const { waits, slice } = waitsOf(0, 90);
    await waits.during(slice, { workers: 2, threads: 2 }, pool);
    waits.check();
  });

  it('finds nothing where the system does not tell', async () => {
    for (const { waits, slice } of [waitsOf(undefined, undefined), waitsOf(1, undefined)]) {
      await waits.during(slice, leavesOne, pool);
      waits.check();
    }
  });
});

describe('coreWaitMs', () => {
  it('tells how long this process has waited', { skip: process.platform !== 'linux' }, () => {
    const before = coreWaitMs([process.pid])!;
    assert.ok(before >= 0);
    assert.ok(coreWaitMs([process.pid])! >= before);
    assert.ok(coreWaitMs([process.pid, process.pid])! >= 2 * before);
  });

  it('tells nothing of a process that there is not', () => {
    assert.equal(coreWaitMs([process.pid, 2 ** 30]), undefined);
  });
});
