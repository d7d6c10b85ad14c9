import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { loadCorpus } from '../../../../loadtest/corpus/corpus.js';
import { scrapeEventLoopDelay } from '../../../../loadtest/overhead/event-loop-delay.js';
import { passOfGateway } from '../../../../loadtest/overhead/gateway-pass.js';
import {
  cpuPerRequest,
  measureSaturation,
} from '../../../../loadtest/overhead/measure-saturation.js';
import { startFakeGateway, type FakeGateway } from '../fake-gateway.js';

const texts = loadCorpus()
  .slice(0, 30)
  .map(({ text }) => text);

describe('the parts of overhead at a gateway', () => {
  let gateway: FakeGateway;
  before(async () => {
    gateway = await startFakeGateway();
  });
  beforeEach(() => {
    gateway.seen.length = 0;
  });
  after(() => gateway.close());

  it('passOfGateway sends each text once, in order, pinned and past the cache, behind one that opens the connection', async () => {
    const entries = await passOfGateway({ url: gateway.url, variant: 'full', texts });

    assert.deepEqual(
      gateway.seen.map(({ text }) => text),
      [texts[0], ...texts],
    );
    assert.ok(
      gateway.seen.every(
        ({ variant, cacheControl }) => variant === 'full' && cacheControl === 'no-cache',
      ),
    );
    assert.equal(entries.length, texts.length);
    for (const entry of entries) {
      assert.ok(typeof entry === 'object' && entry.latencyMs > 0);
      assert.equal(entry.timing.tokenize, 0.1);
    }
  });

  it('passOfGateway has the reason in the place of a text that was not answered', async () => {
    const entries = await passOfGateway({
      url: 'http://127.0.0.1:1',
      variant: 'full',
      texts: ['a'],
    });

    assert.deepEqual(entries, ['no_answer']);
  });

  it('measureSaturation has throughput, processor time and event-loop delay', async () => {
    const figures = await measureSaturation({
      ...{ url: gateway.url, pid: process.pid, variant: 'full', texts },
      ...{ connections: 4, warmup: 0, duration: 0.5 },
    });

    assert.ok(figures.requests > 0 && figures.requestsPerSecond > 0 && figures.latencyMs.p99 > 0);
    assert.deepEqual(figures.eventLoopMs, { p50: 0.1, p99: 4, max: 20 });
    assert.equal(figures.failures, 0);
    assert.ok(figures.cpuMsPerRequest.http > 0);
    assert.ok(gateway.seen.every(({ cacheControl }) => cacheControl === 'no-cache'));
  });

  it('scrapeEventLoopDelay says what is missing at a gateway that does not tell it', async () => {
    const server = createServer((_, response) => response.end('up 1\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    await assert.rejects(
      scrapeEventLoopDelay(`http://127.0.0.1:${port}`),
      /has no entier_event_loop_delay_seconds/,
    );
    server.closeAllConnections();
    server.close();
  });
});

describe('cpuPerRequest', () => {
  const usage = (pid: number, cpuMs: number) => ({ pid, cpuMs, rssMiB: 100 });

  it('divides what the HTTP process and the workers used by the requests', () => {
    const before = [usage(1, 100), usage(2, 1000), usage(3, 1000)];
    const after = [usage(1, 150), usage(2, 1200), usage(3, 1100)];

    const cpu = cpuPerRequest({ before, after, httpPid: 1 }, 100);

    assert.deepEqual(cpu, { http: 0.5, workers: 3, all: 3.5 });
  });

  it('counts a worker that replaced another from its beginning', () => {
    const before = [usage(1, 100), usage(2, 1000)];
    const after = [usage(1, 100), usage(3, 40)];

    assert.equal(cpuPerRequest({ before, after, httpPid: 1 }, 10).workers, 4);
  });
});
