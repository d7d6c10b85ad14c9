import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../../src/config.js';
import { createHttpServer } from '../../../src/http/server.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { startGateway, type TestGateway } from '../../support/gateways.js';
import { problemIn } from '../../support/http-harness.js';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';

/** One worker: a run of `steady` is believed to take 3 s, 3.45 at p95, so two fit 8 s and three do not. */
const VARIANTS = {
  steady: { f1: 0.9, profile: { a: 3000, b: 0, c: 0 } },
  quick: { f1: 0.8, profile: { a: 300, b: 0, c: 0 } },
};

describe('criticality over HTTP', () => {
  let started: TestGateway;
  let server: Server;
  let url: string;
  before(async () => {
    started = await startGateway({ variants: VARIANTS });
    const config = loadConfig({ env: {}, readFile: () => undefined });
    const logger = createLogger('silent', { write: () => undefined });
    const { gateway, metrics } = started;
    server = createHttpServer({ gateway, metrics, config, logger, now: () => performance.now() });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ner`;
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await started.close();
  });

  const post = (body: object): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
      body: JSON.stringify(body),
    });
  const ask = (text: string, change: object): Promise<Response> =>
    post({ text, variant: 'steady', latency_budget_ms: 8000, on_miss: 'reject', ...change });

  /** Resolves when so many texts wait or run. */
  async function holds(texts: number): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (started.dispatcher.size !== texts) {
      assert.ok(performance.now() < deadline, `${started.dispatcher.size} texts, not ${texts}`);
      await delay(1);
    }
  }

  it('sheds waiting work in the order of criticality, with a 503 that says so, and answers the rest', async () => {
    const held = ask('hold', { variant: 'quick', latency_budget_ms: 60_000 });
    await holds(1);
    const first = ask('Angela Merkel', { criticality: 'sheddable' });
    await holds(2);
    const second = ask('Barack Obama', { criticality: 'sheddable' });
    await holds(3);
    const refused = await ask('too much', { criticality: 'sheddable' });
    assert.equal((await problemIn(refused)).code, 'budget_unreachable');

    const patient = ask('London', { criticality: 'default', on_miss: 'degrade' });
    const displaced = await Promise.race([first, second]);
    const critical = ask('Paris', { criticality: 'critical' });
    const [one, other] = await Promise.all([first, second]);
    const last = ask('Berlin', { criticality: 'critical' });
    await holds(4);
    for (const pid of started.pool.pids) process.kill(pid, 'SIGUSR2');

    for (const response of [one, other]) {
      assert.equal(response.status, 503);
      assert.ok(Number(response.headers.get('retry-after')) >= 1);
    }
    assert.equal((await problemIn(displaced)).code, 'overloaded');
    for (const response of await Promise.all([held, patient, critical, last])) {
      assert.equal(response.status, 200, await response.text());
    }
    const text = await started.metrics.render();
    for (const line of [
      'entier_displaced_total{criticality="sheddable",result="shed"} 2',
      'entier_displaced_total{criticality="default",result="late"} 1',
      'entier_budget_by_criticality_total{criticality="sheddable",result="shed"} 3',
      'entier_budget_by_criticality_total{criticality="critical",result="met"} 2',
      'entier_budget_total{tier="custom",result="shed"} 3',
    ]) {
      assert.ok(text.includes(`${line}\n`), line);
    }
  });

  it('refuses a criticality that there is not, and names those that there are', async () => {
    const response = await post({ text: 'A', criticality: 'urgent' });

    const { errors } = await problemIn(response);
    assert.equal(response.status, 422);
    assert.equal(errors?.[0]?.pointer, '/criticality');
    assert.match(errors[0].detail, /"critical".*"default".*"sheddable"|sheddable.*critical/);
  });
});
