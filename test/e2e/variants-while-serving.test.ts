import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ADMIN_KEY } from '../support/fake-admin.js';
import { childrenOf, commandOf } from '../support/child-processes.js';
import { GatewayProcess } from '../support/gateway-process.js';

interface Build {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly agreement: number | null;
  readonly error: { readonly code: string; readonly detail: string } | null;
  readonly timing_ms: { readonly total: number } | null;
}

const root = mkdtempSync(path.join(tmpdir(), 'entier-serving-'));
const modelsDir = path.join(root, 'models');
const config = path.join(root, 'config.json');
const HEADERS = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
const ENDED = ['ready', 'active', 'cancelled', 'failed', 'gate_failed'];

/** The model of the fixture is random, so a cut of it agrees with nothing. */
const settings = (gate: object): void =>
  writeFileSync(config, JSON.stringify({ gate, limits: { maxTexts: 8 } }));

const start = (): Promise<GatewayProcess> =>
  GatewayProcess.start({
    ENTIER_CONFIG: config,
    ENTIER_MODELS_DIR: modelsDir,
    ENTIER_PROFILES_DIR: path.join(root, 'profiles'),
    ENTIER_ADMIN_KEY: ADMIN_KEY,
    ENTIER_WORKERS: '2',
    ENTIER_LOG_LEVEL: 'error',
    TMPDIR: root,
  });
const builtFolders = (): string[] =>
  readdirSync(root).filter((entry) => entry.startsWith('entier-built-'));

describe('variants made while the gateway serves', () => {
  let gateway: GatewayProcess;
  const ask = async (method: string, route: string, body?: object): Promise<Response> =>
    fetch(gateway.url + route, {
      method,
      headers: HEADERS,
      ...(body && { body: JSON.stringify(body) }),
    });
  const build = async (body: object): Promise<Build> => {
    const response = await ask('POST', '/admin/variants', body);
    assert.equal(response.status, 202, await response.clone().text());
    return (await response.json()) as Build;
  };
  const until = async (id: string, states: readonly string[] = ENDED): Promise<Build> => {
    for (;;) {
      const view = (await (await ask('GET', `/admin/builds/${id}`)).json()) as Build;
      if (states.includes(view.state)) return view;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const states = async (): Promise<Record<string, string>> => {
    const { variants } = (await (await ask('GET', '/variants')).json()) as {
      variants: { name: string; state: string }[];
    };
    return Object.fromEntries(variants.map(({ name, state }) => [name, state]));
  };
  const ner = (variant?: string): Promise<Response> =>
    fetch(`${gateway.url}/ner`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
      body: JSON.stringify({ text: 'Ada met Alan in London.', variant, latency_budget_ms: 60_000 }),
    });

  before(async () => {
    cpSync('test/fixtures/models', modelsDir, { recursive: true });
    settings({ minAgreementOfPrecision: 0, minAgreementOfCuts: 0 });
    gateway = await start();
  });
  after(async () => {
    await gateway.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('serve as soon as they are ready, and no request fails meanwhile', async () => {
    const workers = gateway.workerPids();
    let building = true;
    let answered = 0;
    const traffic = Array.from({ length: 4 }, async () => {
      while (building) {
        const response = await ner();
        assert.equal(response.status, 200, await response.clone().text());
        answered += 1;
      }
    });
    const { id, name } = await build({
      parent: 'tiny',
      recipe: { precision: 'int8' },
      name: 'made',
    });
    const made = await until(id);
    building = false;
    await Promise.all(traffic);

    assert.equal(made.state, 'active', JSON.stringify(made.error));
    assert.equal(name, 'made');
    assert.ok(made.timing_ms!.total > 0);
    assert.ok(answered > 0);
    const response = await ner(name);
    assert.equal(((await response.json()) as { variant: string }).variant, name);
    // One took the place of another, which had left service when it loaded the variant too.
    const left = workers.slice(1);
    await gateway.gone(left);
    assert.equal(gateway.workerPids().length, 2, 'no worker more than before');
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.match(metrics, /entier_variant_builds_total\{result="active"\} 1/);
    assert.match(metrics, /entier_variant_info\{variant="made"/);
  });

  it('go and come back, and are forgotten with their files', async () => {
    assert.equal((await ask('POST', '/admin/variants/made/retire')).status, 204);
    assert.equal((await states()).made, 'retired');
    assert.equal((await ner('made')).status, 404);
    assert.equal((await ask('POST', '/admin/variants/made/activate')).status, 204);
    assert.equal((await ner('made')).status, 200);
    assert.equal((await ask('DELETE', '/admin/variants/made')).status, 204);
    assert.equal((await states()).made, undefined);
    // Which is the temporary folder too: neither files of builds are left, nor logs of the runtime's telemetry.
    assert.deepEqual(readdirSync(root).sort(), ['config.json', 'models', 'profiles']);
  });

  it('are refused with what is wrong', async () => {
    const wrong = async (body: object): Promise<[number, string]> => {
      const response = await ask('POST', '/admin/variants', body);
      const { code, detail } = (await response.json()) as { code: string; detail: string };
      return [response.status, `${code} ${detail}`];
    };
    const recipe = { precision: 'int8' };
    const [unknown, said] = await wrong({ parent: 'nobody', recipe });
    assert.deepEqual([unknown, said.split(' ')[0]], [404, 'unknown_variant']);
    assert.equal((await wrong({ parent: 'tiny', recipe, name: 'tiny' }))[0], 409);
    const [layers, why] = await wrong({ parent: 'tiny', recipe: { layers: [0, 7] } });
    assert.equal(layers, 422);
    assert.match(why, /\/recipe\/layers\/1/);
    assert.equal((await wrong({ parent: 'tiny', recipe: { layers: [] } }))[0], 422);
    assert.equal((await ask('DELETE', '/admin/variants/tiny')).status, 409);
    assert.equal((await ask('POST', '/admin/variants/nobody/activate')).status, 404);
  });

  it('leave nothing behind when their builder is killed, and the rest serves on', async () => {
    const workers = gateway.workerPids();
    const { id, name } = await build({ parent: 'tiny', recipe: { precision: 'w8' } });
    await until(id, ['building', 'gating']);
    // Beside it there is the spare worker that is to load what it builds.
    const builder = gateway.workerPids().find((pid) => commandOf(pid).includes('build-host'));
    assert.ok(builder !== undefined);
    process.kill(builder, 'SIGKILL');
    const { state, error } = await until(id);
    assert.deepEqual([state, error?.code], ['failed', 'killed']);
    assert.equal((await states())[name], undefined);
    assert.deepEqual(builtFolders(), []);
    assert.deepEqual(gateway.workerPids(), workers);
    assert.equal((await ner()).status, 200);
  });

  it('are kept where that is asked, and the next start has them', async () => {
    const { id } = await build({
      parent: 'tiny',
      recipe: { precision: 'fp16-stored' },
      name: 'half',
      keep: true,
      activate: false,
    });
    const { state } = await until(id);
    assert.equal(state, 'ready');
    assert.equal((await states()).half, 'warm');
    const { variants } = JSON.parse(
      readFileSync(path.join(modelsDir, 'manifest.json'), 'utf8'),
    ) as { variants: string[] };
    assert.ok(variants.includes('half'));

    await gateway.stop();
    gateway = await start();
    assert.equal((await states()).half, 'active');
    assert.equal((await ask('DELETE', '/admin/variants/half')).status, 204);
    assert.ok(!readdirSync(modelsDir).includes('half'));
  });

  it('leave a whole models folder and no process when the gateway is killed while it builds', async () => {
    const before = readdirSync(modelsDir);
    const { id } = await build({ parent: 'tiny', recipe: { precision: 'int8' }, keep: true });
    await until(id, ['building', 'gating', 'warming']);
    const processes = gateway.workerPids().flatMap((pid) => [pid, ...childrenOf(pid)]);
    await gateway.stop('SIGKILL');
    await gateway.gone(processes);
    assert.deepEqual(
      readdirSync(modelsDir).filter((entry) => !before.includes(entry)),
      [],
    );
    gateway = await start();
    assert.deepEqual(builtFolders(), [], 'the next start removes what a killed one left');
    assert.equal((await ner()).status, 200);
  });

  it('do not serve where they agree too little with their parent', async () => {
    await gateway.stop();
    settings({ minAgreementOfCuts: 1 });
    gateway = await start();
    const { id } = await build({ parent: 'tiny', recipe: { layers: [0] } });
    const { state, agreement, error } = await until(id);
    assert.deepEqual([state, error?.code], ['gate_failed', 'gate_failed']);
    assert.ok(agreement! < 1);
    assert.ok(Object.values(await states()).every((each) => each === 'active'));
  });

  it('are made of a parent that the manifest lists as retired, which does not serve', async () => {
    await gateway.stop();
    settings({ minAgreementOfPrecision: 0 });
    writeFileSync(
      path.join(modelsDir, 'manifest.json'),
      JSON.stringify({ schemaVersion: 1, variants: ['tiny-int8', 'tiny'], retired: ['tiny'] }),
    );
    gateway = await start();
    assert.deepEqual(await states(), { 'tiny-int8': 'active', tiny: 'retired' });
    assert.equal((await ner('tiny')).status, 404);
    const { id } = await build({ parent: 'tiny', recipe: { precision: 'int8' }, name: 'child' });
    assert.equal((await until(id)).state, 'active');
    assert.equal((await ner('child')).status, 200);
    for (const route of ['/admin/variants/tiny/activate', '/v2/repository/models/tiny/load']) {
      const refused = await ask('POST', route, {});
      assert.equal(refused.status, 409, route);
      assert.match(await refused.text(), /take it out of `retired` there and start again/);
    }
    const index = (await (await ask('POST', '/v2/repository/index', {})).json()) as {
      name: string;
      state: string;
      reason: string;
    }[];
    const listed = index.find(({ name }) => name === 'tiny');
    assert.equal(listed?.state, 'UNAVAILABLE');
    assert.match(listed.reason, /not loaded, but others can be made of it/);
    assert.equal((await fetch(`${gateway.url}/v2/models/tiny/ready`)).ok, false);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.ok(!metrics.includes('entier_variant_info{variant="tiny",'));
  });
});
