import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layOutWorkers } from '../../../src/runtime/worker-layout.js';

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
});
