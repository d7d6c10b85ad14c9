import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  candidateLayouts,
  chooseLayout,
  layOutWorkers,
  trialPools,
  type WorkerLayout,
} from '../../../src/runtime/worker-layout.js';

const auto = { workers: 'auto', threads: 'auto' } as const;

describe('layOutWorkers', () => {
  it('makes a worker of every core on a small host', () => {
    assert.deepEqual(layOutWorkers(auto, { cores: 2, gpu: false }), { workers: 2, threads: 1 });
  });

  it('shares the cores of a large host among four workers', () => {
    assert.deepEqual(layOutWorkers(auto, { cores: 16, gpu: false }), { workers: 4, threads: 4 });
  });

  it('has one worker for a GPU', () => {
    assert.deepEqual(layOutWorkers(auto, { cores: 16, gpu: true }), { workers: 1, threads: 16 });
  });

  it('keeps what the configuration says', () => {
    const wanted = { workers: 3, threads: 2 };
    assert.deepEqual(layOutWorkers(wanted, { cores: 2, gpu: false }), wanted);
  });

  it('never gives a worker less than one thread', () => {
    const layout = layOutWorkers({ workers: 8, threads: 'auto' }, { cores: 2, gpu: false });
    assert.deepEqual(layout, { workers: 8, threads: 1 });
  });

  it('has only as many workers of so many threads as the cores allow', () => {
    const threads = (count: number) => ({ workers: 'auto', threads: count }) as const;
    const host = { cores: 4, gpu: false };
    assert.deepEqual(layOutWorkers(threads(2), host), { workers: 2, threads: 2 });
    assert.deepEqual(layOutWorkers(threads(8), host), { workers: 1, threads: 8 });
  });
});

describe('candidateLayouts', () => {
  const labels = (cores: number): string[] =>
    candidateLayouts(cores).map(({ workers, threads }) => `${workers}x${threads}`);

  it('goes from all cores as workers to all as threads, and leaves HTTP a core once', () => {
    assert.deepEqual(labels(2), ['2x1', '1x2', '1x1']);
    assert.deepEqual(labels(4), ['4x1', '2x2', '1x4', '3x1']);
    assert.deepEqual(labels(6), ['6x1', '3x2', '1x6', '5x1']);
  });

  it('has nothing to choose from on one core', () => {
    assert.deepEqual(labels(1), ['1x1']);
  });

  it('has no more workers and threads on a large host than can be of use', () => {
    assert.deepEqual(labels(16), ['8x2', '4x4', '2x8', '1x8', '8x1']);
    assert.deepEqual(labels(128), ['8x8', '4x8', '2x8', '1x8', '8x1']);
  });

  it('never asks for more cores than there are, names each layout once, and leaves a core once at least', () => {
    for (let cores = 2; cores <= 130; cores += 1) {
      const layouts = candidateLayouts(cores);
      const used = layouts.map(({ workers, threads }) => workers * threads);
      assert.ok(Math.max(...used) <= cores, `${cores}: ${labels(cores).join(' ')}`);
      assert.ok(Math.min(...used) < cores, `${cores}: ${labels(cores).join(' ')}`);
      assert.equal(new Set(labels(cores)).size, layouts.length);
      assert.ok(layouts.length <= 5);
    }
  });
});

describe('trialPools', () => {
  it('shows all layouts of a small host side by side, with one pool for each number of threads', () => {
    assert.deepEqual(trialPools(candidateLayouts(2)), [
      [
        {
          workers: 2,
          threads: 1,
          layouts: [
            { workers: 2, threads: 1 },
            { workers: 1, threads: 1 },
          ],
        },
        { workers: 1, threads: 2, layouts: [{ workers: 1, threads: 2 }] },
      ],
    ]);
  });

  it('never has more than eight workers alive, and shows each layout once', () => {
    for (let cores = 1; cores <= 130; cores += 1) {
      const layouts = candidateLayouts(cores);
      const groups = trialPools(layouts);
      for (const group of groups) {
        assert.ok(group.reduce((sum, { workers }) => sum + workers, 0) <= 8);
      }
      const shown = groups.flatMap((group) => group.flatMap((pool) => pool.layouts));
      assert.equal(shown.length, layouts.length);
      assert.deepEqual(new Set(shown), new Set(layouts));
    }
  });
});

describe('chooseLayout', () => {
  const choose = (...figures: [workers: number, threads: number, rate: number][]): WorkerLayout => {
    const { workers, threads } = chooseLayout(
      figures.map(([workers, threads, answersPerSecond]) => ({
        workers,
        threads,
        answersPerSecond,
      })),
    );
    return { workers, threads };
  };

  it('takes the layout that answers the most', () => {
    assert.deepEqual(choose([2, 1, 470], [1, 2, 300], [1, 1, 310]), { workers: 2, threads: 1 });
    assert.deepEqual(choose([8, 1, 900], [4, 2, 1000], [2, 4, 700]), { workers: 4, threads: 2 });
  });

  it('spares the memory of workers that bring less than a few percent', () => {
    assert.deepEqual(choose([8, 1, 1030], [4, 2, 1000], [2, 4, 700]), { workers: 4, threads: 2 });
    assert.deepEqual(choose([8, 1, 1060], [4, 2, 1000], [2, 4, 700]), { workers: 8, threads: 1 });
  });

  it('takes the better one of as many workers', () => {
    assert.deepEqual(choose([1, 2, 290], [1, 1, 300]), { workers: 1, threads: 1 });
    assert.deepEqual(choose([1, 2, 310], [1, 1, 300]), { workers: 1, threads: 2 });
  });

  it('refuses to choose from nothing', () => {
    assert.throws(() => choose(), /no layout was measured/);
  });
});
