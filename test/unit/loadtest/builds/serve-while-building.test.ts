import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import type { WantedBuild } from '../../../../loadtest/builds/admin-client.js';
import {
  serveSteps,
  serveWhileBuilding,
} from '../../../../loadtest/builds/serve-while-building.js';
import { loadCorpus } from '../../../../loadtest/corpus/corpus.js';
import { startFakeGateway, type FakeGateway } from '../fake-gateway.js';

const flags = {
  ...{ budgets: [8000, 9000], 'on-miss': 'degrade' as const, variant: undefined, warmup: 0 },
  ...{ connections: 2, sweep: [80, 120], 'sweep-seconds': 0.3 },
};

describe('serving while variants are made', () => {
  let gateway: FakeGateway;
  /** What was built and removed, and how many requests had come before. */
  const done: [string, number][] = [];
  const admin = {
    build: async ({ name }: WantedBuild) => {
      done.push([`build ${name}`, gateway.seen.length]);
      await delay(20);
      return { build: {} as never, elapsedMs: 20 };
    },
    remove: (name: string): Promise<void> => {
      done.push([`remove ${name}`, gateway.seen.length]);
      return Promise.resolve();
    },
  };
  before(async () => {
    gateway = await startFakeGateway({ perSecond: 100 });
  });
  after(() => gateway.close());
  const serve = (maxSendLagP99Ms: number) =>
    serveWhileBuilding({
      ...{ gateway: { url: gateway.url, admin }, flags, corpus: loadCorpus(), seed: 1, pairs: 2 },
      ...{ seconds: 0.5, parent: 'full', recipe: {}, next: () => undefined, maxSendLagP99Ms },
    });

  it('has pairs of the same requests at half of the capacity, one window with builds back to back', async () => {
    // This host may be busy with other tests.
    const { pairs } = await serve(1e6);

    assert.equal(pairs.length, 2);
    for (const { idle, building } of pairs) {
      assert.equal(idle.builds, 0);
      assert.ok(building.builds > 0);
      const [without, during] = [idle.load.figures!, building.load.figures!];
      assert.equal(without.all.requests, during.all.requests);
    }
    const builds = pairs.reduce((sum, { building }) => sum + building.builds, 0);
    assert.deepEqual(
      done.map(([what]) => what),
      Array.from({ length: builds }, () => [
        'build built-under-load',
        'remove built-under-load',
      ]).flat(),
    );
    const [first, second] = pairs.map(({ building }) => building.builds);
    assert.ok(first! > 0 && second! > 0);
    const ofSecondPair = done[2 * first!]!;
    const lastOfFirst = done[2 * first! - 1]!;
    assert.equal(ofSecondPair[1], lastOfFirst[1], 'the second pair begins with the builds');
  });

  it('has no pairs where all loads that look for the capacity were sent late', async () => {
    const { capacity, pairs } = await serve(-1);

    assert.deepEqual([capacity, pairs], [undefined, []]);
  });

  it('has a step for the capacity and one for each window', () => {
    const steps = serveSteps({ ...flags, warmup: 2, 'sweep-seconds': 8 }, 3, 20);

    assert.deepEqual(
      steps.map(({ seconds }) => seconds),
      [30, 22, 22, 22, 22, 22, 22],
    );
  });
});
