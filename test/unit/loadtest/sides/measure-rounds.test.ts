import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { loadCorpus } from '../../../../loadtest/corpus/corpus.js';
import { prepareSides } from '../../../../loadtest/peers.js';
import { httpSide } from '../../../../loadtest/sides/http-side.js';
import { measureRounds } from '../../../../loadtest/sides/measure-rounds.js';
import { allLabels } from '../../../../loadtest/sides/read-entities.js';
import type { Side } from '../../../../loadtest/sides/side.js';
import type { Entity } from '../../../../loadtest/score.js';
import { startFakeGateway, type FakeGateway } from '../fake-gateway.js';

const corpus = loadCorpus().slice(0, 30);
const scoring = { sentences: corpus, once: false };
const load = { connections: 2, warmup: 0, duration: 0.2 };

describe('measureRounds', () => {
  let gateway: FakeGateway;
  const events: string[] = [];
  before(async () => {
    gateway = await startFakeGateway();
  });
  after(() => gateway.close());
  beforeEach((context) => {
    events.length = 0;
    if ('mock' in context) context.mock.method(process.stderr, 'write', () => true);
  });

  /** A side at the fake gateway, which answers with the labels of the corpus. */
  const sideOf = (name: string, read = (body: { entities: Entity[] }) => body.entities): Side => ({
    name,
    about: 'a side of the test',
    variant: 'full',
    prepare: () => ({ version: name }),
    start: () => {
      events.push(`start ${name}`);
      const stop = (): Promise<void> => {
        events.push(`stop ${name}`);
        return Promise.resolve();
      };
      const server = { url: gateway.url, pid: process.pid, readyMs: 5, stop };
      return Promise.resolve(httpSide({ name, server, variant: 'full', labels: allLabels, read }));
    },
  });

  it('runs one side at a time, in an order that goes on by one each round', async () => {
    const sides = ['a', 'b', 'c'].map((name) => sideOf(name));

    const rounds = await measureRounds(sides, { rounds: 4, corpus, scoring, load });

    const orders = rounds.map((round) => round.map(({ side }) => side).join(''));
    assert.deepEqual(orders, ['abc', 'bca', 'cab', 'abc']);
    const expected = orders.flatMap((order) =>
      [...order].flatMap((name) => [`start ${name}`, `stop ${name}`]),
    );
    assert.deepEqual(events, expected);
  });

  it('has throughput, latency, memory and F1 of each side, and asks past the cache', async () => {
    const rounds = await measureRounds([sideOf('a')], { rounds: 1, corpus, scoring, load });

    const { f1, sharedF1, readyMs, requestsPerSecond, rssMiB, failures } = rounds[0]![0]!.figures;
    assert.deepEqual([f1, sharedF1, readyMs, failures], [1, 1, 5, 0]);
    assert.ok(requestsPerSecond > 0 && rssMiB > 20);
    assert.ok(gateway.seen.every(({ cacheControl }) => cacheControl === 'no-cache'));
  });

  it('scores in the first round only, on sentences of their own, where that is asked for', async () => {
    const sentences = corpus.slice(0, 4);
    const options = { rounds: 2, corpus, scoring: { sentences, once: true }, load };

    const rounds = await measureRounds([sideOf('a')], options);

    assert.deepEqual(
      rounds.map(([one]) => one!.figures.f1),
      [1, null],
    );
  });

  it('stops a side that fails and says which one it was', async () => {
    const broken = sideOf('b', () => []);

    await assert.rejects(
      measureRounds([broken], { rounds: 1, corpus, scoring, load }),
      /^Error: b: it finds no entity/,
    );
    assert.deepEqual(events, ['start b', 'stop b']);
  });

  it('prepareSides leaves out what cannot be installed, unless it was asked for by name', (context) => {
    context.mock.method(console, 'error', () => undefined);
    const missing: Side = {
      ...sideOf('x'),
      prepare: () => {
        throw new Error('no Python here');
      },
    };

    const { ready, skipped } = prepareSides([missing, sideOf('a')], { strict: false });

    assert.deepEqual(
      ready.map(({ side, versions }) => [side.name, versions]),
      [['a', { version: 'a' }]],
    );
    assert.deepEqual(skipped, [{ name: 'x', reason: 'no Python here' }]);
    assert.throws(() => prepareSides([missing], { strict: true }), /no Python here/);
    assert.throws(() => prepareSides([missing], { strict: false }), /no side is left/);
  });
});
