import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../src/config.js';
import { ALL_MECHANISMS, type Mechanisms } from '../../../src/scheduling/mechanisms.js';
import type { Scheduler } from '../../../src/scheduling/scheduler.js';
import { schedulerOf, taskOf } from '../../support/scheduling.js';

type Options = Parameters<typeof schedulerOf>[0];

/** The same scene with everything on, and with one mechanism off. */
function compare<T>(
  mechanism: keyof Mechanisms,
  scene: (scheduler: Scheduler) => T,
  options: Options = {},
): { on: T; off: T } {
  return {
    on: scene(schedulerOf(options)),
    off: scene(
      schedulerOf({ ...options, mechanisms: { ...options.mechanisms, [mechanism]: false } }),
    ),
  };
}

describe('a mechanism that is switched off', () => {
  it('priceOfTime: a demand beyond the workers has no price, and the best variant that fits is chosen', () => {
    const { on, off } = compare('priceOfTime', (scheduler) => {
      let now = 0;
      for (; now < 1000; now += 4) {
        scheduler.submit(taskOf({ at: now }), now);
        const batch = scheduler.next(now);
        if (batch !== null) scheduler.complete(batch, batch.predictedMs, now);
      }
      const { variant } = scheduler.preview(taskOf({ at: now }), now);
      return { variant, isPriced: scheduler.price() > 0 };
    });

    assert.deepEqual(on, { variant: 'full-int8', isPriced: true });
    assert.deepEqual(off, { variant: 'full', isPriced: false });
  });

  it('batching: every run has one window, however much a common run would save', () => {
    const variants = [{ name: 'gpu', quality: 0.93, profile: { a: 4, b: 0.001, c: 0 } }];
    const { on, off } = compare(
      'batching',
      (scheduler) => {
        for (let i = 0; i < 10; i += 1) scheduler.submit(taskOf({ allowed: ['gpu'] }), 0);
        return scheduler.next(0)!.jobs.length;
      },
      { workers: 1, variants },
    );

    assert.deepEqual({ on, off }, { on: 10, off: 1 });
  });

  it('patience: a long run takes the last free worker though short budgets keep arriving', () => {
    const { on, off } = compare(
      'patience',
      (scheduler) => {
        let now = 0;
        for (; now < 400; now += 10) {
          scheduler.submit(taskOf({ at: now, budgetMs: 8, tokens: 20 }), now);
          const batch = scheduler.next(now)!;
          scheduler.complete(batch, batch.predictedMs, now + batch.predictedMs);
        }
        scheduler.submit(taskOf({ at: now, budgetMs: 2000, tokens: 120 }), now);
        return scheduler.next(now)!.variant;
      },
      { workers: 1 },
    );

    assert.notEqual(on, 'full');
    assert.equal(off, 'full');
  });

  it('earlyDrop: what cannot make its deadline any more takes the worker before what still can', () => {
    const hopeless = taskOf({ budgetMs: 40, onMiss: 'reject' });
    const hopeful = taskOf({ budgetMs: 100 });
    const { on, off } = compare(
      'earlyDrop',
      (scheduler) => {
        scheduler.submit(taskOf({ budgetMs: 30 }), 0);
        const stalled = scheduler.next(0)!;
        scheduler.submit(hopeless, 0);
        scheduler.submit(hopeful, 0);
        scheduler.complete(stalled, stalled.predictedMs, 39.5);
        return scheduler.next(39.5)!.jobs[0]!.task;
      },
      { workers: 1 },
    );

    assert.equal(on, hopeful);
    assert.equal(off, hopeless);
  });

  it('queueFeasibility: the first in the queue takes what it likes of the time that the next one needs', () => {
    const { on, off } = compare(
      'queueFeasibility',
      (scheduler) => {
        scheduler.submit(taskOf({ budgetMs: 22, tokens: 100 }), 0);
        scheduler.submit(taskOf({ budgetMs: 23, tokens: 100, allowed: ['full-int8'] }), 0);
        return scheduler.next(0)!.variant;
      },
      { workers: 1, mechanisms: { patience: false, priceOfTime: false } },
    );

    assert.notEqual(on, 'full', 'full would take 17.6 of 23 ms and leave 5.4 for 5.6');
    assert.equal(off, 'full');
  });

  it('admissionControl: a task that cannot be in time is queued as if it could; the bound still holds', () => {
    const { on, off } = compare(
      'admissionControl',
      (scheduler) => ({
        hopeless: scheduler.submit(taskOf({ budgetMs: 1.5, onMiss: 'reject' }), 0).admitted,
        huge: scheduler.submit(taskOf({ tokens: 2000 }), 0).admitted,
      }),
      { maxQueuedTokens: 1000 },
    );

    assert.deepEqual(on, { hopeless: false, huge: false });
    assert.deepEqual(off, { hopeless: true, huge: false });
  });

  it('slowdownTracking: predictions stay as profiled on a host that is twice as slow', () => {
    const { on, off } = compare('slowdownTracking', (scheduler) => {
      let now = 0;
      for (let i = 0; i < 60; i += 1, now += 20) {
        scheduler.submit(taskOf({ at: now }), now);
        const batch = scheduler.next(now)!;
        scheduler.complete(batch, batch.predictedMs * 2, now + 15);
      }
      return scheduler.slowdown();
    });

    assert.ok(on > 1.5, `slowdown ${on}`);
    assert.equal(off, 1);
  });

  it('criticality: a critical newcomer waits its turn like everybody else', () => {
    const { on, off } = compare(
      'criticality',
      (scheduler) => {
        for (let i = 0; i < 20; i += 1) {
          scheduler.submit(taskOf({ budgetMs: 20, tokens: 100, criticality: 'sheddable' }), 0);
        }
        const urgent = taskOf({ budgetMs: 10, criticality: 'critical', onMiss: 'reject' });
        return scheduler.submit(urgent, 0).admitted;
      },
      { workers: 1 },
    );

    assert.deepEqual({ on, off }, { on: true, off: false });
  });
});

describe('the mechanisms', () => {
  it('are all on unless the configuration says otherwise, which knows the same ones', () => {
    assert.deepEqual(loadConfig({ env: {}, readFile: () => undefined }).scheduling, ALL_MECHANISMS);
    assert.ok(Object.values(ALL_MECHANISMS).every(Boolean));
  });

  it('are listed in docs/architecture.md, and no other', () => {
    const doc = readFileSync('docs/architecture.md', 'utf8');
    const section = doc.split('\n## Switching mechanisms off\n')[1]!.split('\n## ')[0]!;
    const listed = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key);

    assert.deepEqual(listed, Object.keys(ALL_MECHANISMS));
  });
});
