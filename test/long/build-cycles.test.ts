import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { ADMIN_KEY } from '../support/fake-admin.js';
import { GatewayProcess } from '../support/gateway-process.js';

const CYCLES = 20;
const root = mkdtempSync(path.join(tmpdir(), 'entier-cycles-'));
const HEADERS = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };

describe('building, retiring and removing variants again and again', () => {
  after(() => rmSync(root, { recursive: true, force: true }));

  it('leaves no process and no folder, and fails no request', async () => {
    const config = path.join(root, 'config.json');
    writeFileSync(config, JSON.stringify({ gate: { minAgreementOfPrecision: 0 } }));
    const gateway = await GatewayProcess.start({
      ENTIER_CONFIG: config,
      ENTIER_MODELS_DIR: 'test/fixtures/models',
      ENTIER_PROFILES_DIR: path.join(root, 'profiles'),
      ENTIER_ADMIN_KEY: ADMIN_KEY,
      ENTIER_WORKERS: '2',
      ENTIER_LOG_LEVEL: 'error',
      TMPDIR: root,
    });
    const ask = (method: string, route: string, body?: object): Promise<Response> =>
      fetch(gateway.url + route, {
        method,
        headers: { ...HEADERS, 'cache-control': 'no-cache' },
        ...(body && { body: JSON.stringify(body) }),
      });
    const state = { cycling: true };
    const traffic = (async (): Promise<number> => {
      let answered = 0;
      while (state.cycling) {
        const text = 'Ada met Alan in London.';
        const answer = await ask('POST', '/ner', { text, latency_budget_ms: 60_000 });
        assert.equal(answer.status, 200, await answer.clone().text());
        answered += 1;
      }
      return answered;
    })();
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      const body = { parent: 'tiny', recipe: { precision: 'int8' }, name: 'made' };
      const { id } = (await (await ask('POST', '/admin/variants', body)).json()) as { id: string };
      let build = { state: 'queued' };
      while (['queued', 'building', 'gating', 'warming'].includes(build.state)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        build = (await (await ask('GET', `/admin/builds/${id}`)).json()) as typeof build;
      }
      assert.equal(build.state, 'active', JSON.stringify(build));
      assert.equal((await ask('POST', '/admin/variants/made/retire')).status, 204);
      assert.equal((await ask('DELETE', '/admin/variants/made')).status, 204);
    }
    state.cycling = false;
    assert.ok((await traffic) > 0);

    assert.equal(gateway.workerPids().length, 2);
    assert.deepEqual(
      readdirSync(root).filter((entry) => entry.startsWith('entier-built-')),
      [],
    );
    const pids = gateway.workerPids();
    await gateway.stop();
    await gateway.gone(pids);
  });
});
