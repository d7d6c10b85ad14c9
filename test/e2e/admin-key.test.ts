import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, it } from 'node:test';
import { createApp } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { ADMIN_KEY, FakeAdmin } from '../support/fake-admin.js';
import { GatewayProcess } from '../support/gateway-process.js';

const ENV = { ENTIER_MODELS_DIR: 'test/fixtures/models', ENTIER_ADMIN_KEY: ADMIN_KEY };

describe('the admin key', () => {
  const running: GatewayProcess[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
  });

  it('is not shown by --print-config', async () => {
    const { exitCode, stdout, stderr } = await GatewayProcess.run(['--print-config'], ENV);

    assert.equal(exitCode, 0);
    assert.match(stdout, /"adminKey": "\(set, not shown\)"/);
    assert.ok(!(stdout + stderr).includes(ADMIN_KEY));
  });

  it('stops the start where it is too short, without being shown', async () => {
    const { exitCode, stderr } = await GatewayProcess.run([], {
      ...ENV,
      ENTIER_ADMIN_KEY: 'abc123',
    });

    assert.equal(exitCode, 78);
    assert.match(stderr, /ENTIER_ADMIN_KEY: expected 16 to 512 visible/);
    assert.ok(!stderr.includes('abc123'));
  });

  it('is not printed, not logged, and not in the environment of the workers', async () => {
    const gateway = await GatewayProcess.start({ ...ENV, ENTIER_LOG_LEVEL: 'trace' });
    running.push(gateway);
    const workers = gateway.workerPids();
    assert.ok(workers.length > 0);

    for (const pid of workers) {
      const file = `/proc/${pid}/environ`;
      if (!existsSync(file)) continue;
      const environment = readFileSync(file, 'utf8');
      assert.ok(environment.includes('ENTIER_MODELS_DIR'));
      assert.ok(!environment.includes(ADMIN_KEY));
    }
    await fetch(`${gateway.url}/admin/builds`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    await gateway.stop();
    assert.ok(!gateway.output().includes(ADMIN_KEY));
  });
});

describe('the stop of an app with the admin API', () => {
  it('ends the streams of builds rather than waiting for them', async () => {
    const admin = new FakeAdmin();
    const { id } = admin.add();
    const config = loadConfig({
      env: { ...ENV, PORT: '0', ENTIER_DRAIN_TIMEOUT_MS: '60000' },
      readFile: () => undefined,
    });
    const app = await createApp({ config, logger: createLogger('silent'), admin });
    const { port } = await app.listen();
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const request = get({ port, path: `/admin/builds/${id}/events`, headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const events = text(response);

    const startedAt = performance.now();
    await app.close();

    assert.match(await events, /"state":"queued"[^]*: the gateway is shutting down\n\n$/);
    // Not the time-out of the drain, which is a minute.
    assert.ok(performance.now() - startedAt < 30_000);
    assert.equal(admin.watcherCount(id), 0);
  });
});
