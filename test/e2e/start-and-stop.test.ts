import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { GatewayProcess, StartFailure } from '../support/gateway-process.js';

const FIXTURE = 'test/fixtures/models';
const root = mkdtempSync(path.join(tmpdir(), 'entier-e2e-'));
const running: GatewayProcess[] = [];

after(() => rmSync(root, { recursive: true }));
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
});

async function start(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ ENTIER_MODELS_DIR: FIXTURE, ...env });
  running.push(gateway);
  return gateway;
}

/** A copy of the fixture models that a test may damage. */
function copyOfModels(name: string): string {
  const dir = path.join(root, name);
  cpSync(FIXTURE, dir, { recursive: true });
  return dir;
}

function flipOneByte(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
}

async function startFailure(env: Record<string, string>): Promise<StartFailure> {
  try {
    await start(env);
  } catch (error) {
    assert.ok(error instanceof StartFailure, String(error));
    return error;
  }
  assert.fail('the gateway started');
}

async function ask(
  url: string,
  body: unknown = { text: 'Angela Merkel visited London.' },
): Promise<Response> {
  return fetch(`${url}/ner`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

describe('the start', () => {
  it('says on one line where it serves and with which variants', async () => {
    const { readyLine, url } = await start();
    assert.ok(readyLine.includes(url));
    assert.match(readyLine, /tiny \(F1 \.800\), tiny-int8 \(F1 \.700\)/);
    assert.match(readyLine, /\d workers? x \d threads?, cpu/);
  });

  it('keeps its measurements for the next start', async () => {
    const ENTIER_PROFILES_DIR = path.join(root, 'profiles');
    const profiles = async (): Promise<unknown> => {
      const gateway = await start({ ENTIER_PROFILES_DIR });
      const { variants } = (await (await fetch(`${gateway.url}/variants`)).json()) as {
        variants: { profile: unknown }[];
      };
      await gateway.stop();
      return variants.map(({ profile }) => profile);
    };
    assert.deepEqual(await profiles(), await profiles());
  });

  it('measures worker layouts at a first start only, and tells which one serves', async (test) => {
    const ENTIER_PROFILES_DIR = path.join(root, 'layouts');
    const served = async (): Promise<{ layout: unknown; output: string }> => {
      const gateway = await start({ ENTIER_PROFILES_DIR });
      const ready = await (await fetch(`${gateway.url}/readyz`)).json();
      await gateway.stop();
      const { worker_layout: layout } = ready as { worker_layout: unknown };
      return { layout, output: gateway.output() };
    };
    const first = await served();
    assert.match(first.output, /measuring worker layouts/);
    if (first.output.includes('other work takes the cores')) {
      test.skip('the host is too busy to measure on');
      return;
    }
    assert.match(JSON.stringify(first.layout), /"chosen_by":"measurement"/);

    const second = await served();

    assert.doesNotMatch(second.output, /measuring worker layouts/);
    assert.deepEqual(second.layout, first.layout);
  });

  it('takes the layout of the configuration without a measurement', async () => {
    const gateway = await start({
      ENTIER_PROFILES_DIR: path.join(root, 'no-layouts'),
      ENTIER_WORKERS: '3',
      ENTIER_THREADS: '1',
    });
    const ready = await (await fetch(`${gateway.url}/readyz`)).json();
    assert.deepEqual((ready as { worker_layout: unknown }).worker_layout, {
      workers: 3,
      threads: 1,
      chosen_by: 'configuration',
    });
    assert.equal(gateway.workerPids().length, 3);
    assert.doesNotMatch(gateway.output(), /measuring worker layouts/);
  });

  it('refuses a model file with one changed byte, serves the other variant and says so', async () => {
    const dir = copyOfModels('one-bad');
    flipOneByte(path.join(dir, 'tiny', 'model.onnx'));

    const gateway = await start({ ENTIER_MODELS_DIR: dir });

    const ready = await fetch(`${gateway.url}/readyz`);
    const { variants } = (await ready.json()) as {
      variants: { name: string; state: string; detail?: string }[];
    };
    assert.equal(ready.status, 200);
    assert.deepEqual(
      variants.map(({ name, state }) => [name, state]),
      [
        ['tiny', 'failed'],
        ['tiny-int8', 'active'],
      ],
    );
    assert.match(variants[0]?.detail ?? '', /sha256/);
    const answer = await ask(gateway.url);
    assert.equal(answer.headers.get('x-variant'), 'tiny-int8');
    assert.equal((await ask(gateway.url, { text: 'x', variant: 'tiny' })).status, 404);
  });

  it('does the same with a missing model file', async () => {
    const dir = copyOfModels('missing-file');
    rmSync(path.join(dir, 'tiny', 'model.onnx'));
    const gateway = await start({ ENTIER_MODELS_DIR: dir });
    assert.match(gateway.output(), /tiny is not served: its model file cannot be read/);
    assert.equal((await ask(gateway.url)).headers.get('x-variant'), 'tiny-int8');
  });

  it('does the same with a missing folder', async () => {
    const dir = copyOfModels('missing-folder');
    rmSync(path.join(dir, 'tiny'), { recursive: true });
    const gateway = await start({ ENTIER_MODELS_DIR: dir });
    assert.match(gateway.output(), /tiny is not served: its card\.json cannot be read/);
    assert.equal((await ask(gateway.url)).headers.get('x-variant'), 'tiny-int8');
  });

  it('does not start where no variant is good, and says why', async () => {
    const dir = copyOfModels('all-bad');
    for (const name of ['tiny', 'tiny-int8']) flipOneByte(path.join(dir, name, 'model.onnx'));
    const failure = await startFailure({ ENTIER_MODELS_DIR: dir });
    assert.equal(failure.exitCode, 1);
    assert.match(failure.output, /entier: no variant can serve: tiny: .*sha256.*tiny-int8: /);
  });

  it('does not start with a changed tokenizer', async () => {
    const dir = copyOfModels('tokenizer');
    flipOneByte(path.join(dir, 'tokenizer', 'tokenizer.json'));
    assert.match(
      (await startFailure({ ENTIER_MODELS_DIR: dir })).output,
      /tokenizer\.json.*sha256/,
    );
  });

  it('does not serve a variant whose answers here are not those of its card', async () => {
    const dir = copyOfModels('disagrees');
    const file = path.join(dir, 'tiny', 'card.json');
    const card = JSON.parse(readFileSync(file, 'utf8')) as { reference: { entities: unknown[] }[] };
    for (const sentence of card.reference) sentence.entities = [];
    writeFileSync(file, JSON.stringify(card));
    const gateway = await start({ ENTIER_MODELS_DIR: dir });
    assert.match(gateway.output(), /tiny is not served: its answers here agree/);
  });

  it('stops with what is missing when cuda was asked for and this host has none', async (test) => {
    if (existsSync('/dev/nvidia0')) {
      test.skip('this host has a GPU');
      return;
    }
    const failure = await startFailure({ ENTIER_EXECUTION_PROVIDER: 'cuda' });
    assert.equal(failure.exitCode, 1);
    assert.match(failure.output, /CUDA was asked for, but .*(install:cuda|NVIDIA|libcudart|cuDNN)/);
  });

  it('stops at an experiment on a variant that does not exist', async () => {
    const file = path.join(root, 'experiment.json');
    const arms = [{ name: 'a', variant: 'huge', weight: 1 }];
    writeFileSync(file, JSON.stringify({ experiments: [{ name: 'e', arms }] }));
    assert.match((await startFailure({ ENTIER_CONFIG: file })).output, /huge.*tiny, tiny-int8/);
  });

  it('stops at a misspelt setting with exit code 78 and names the nearest', async () => {
    const failure = await startFailure({ ENTIER_WORKER: '2' });
    assert.equal(failure.exitCode, 78);
    assert.match(failure.output, /ENTIER_WORKERS/);
  });

  it('stops at a port in use and says what to do', async () => {
    const { url } = await start();
    const failure = await startFailure({ PORT: new URL(url).port });
    assert.match(failure.output, /in use; set PORT/);
  });
});

describe('the stop', () => {
  it('answers what was accepted, refuses what comes after, and exits with 0', async () => {
    // Nobody is cut off, however long the host takes: what is cut off is another promise.
    const gateway = await start({ ENTIER_DRAIN_TIMEOUT_MS: '300000' });
    const text = 'Angela Merkel visited the BBC in London. '.repeat(200);
    const accepted = Array.from({ length: 20 }, (_, index) =>
      ask(gateway.url, { text: `${index} ${text}`, latency_budget_ms: 60_000 }),
    );
    // All are in once a later request on a connection of its own has been answered.
    await ask(gateway.url);

    const stopped = gateway.stop();

    const statuses = (await Promise.all(accepted)).map(({ status }) => status);
    assert.deepEqual(new Set(statuses), new Set([200]));
    const { exitCode } = await stopped;
    assert.equal(exitCode, 0, gateway.output());
  });

  it('cuts off what takes longer than the drain, and ends its workers and exits with 0 all the same', async () => {
    const gateway = await start({ ENTIER_DRAIN_TIMEOUT_MS: '0', ENTIER_WORKERS: '1' });
    const workers = gateway.workerPids();
    const text = 'Angela Merkel visited the BBC in London. '.repeat(4000);
    const accepted = Array.from({ length: 20 }, (_, index) =>
      ask(gateway.url, { text: `${index} ${text}`, latency_budget_ms: 60_000 }),
    );
    // All are in once a later request on a connection of its own has been answered.
    await ask(gateway.url);

    const stopped = gateway.stop();

    const outcomes = await Promise.allSettled(accepted);
    assert.ok(outcomes.some(({ status }) => status === 'rejected'));
    assert.equal((await stopped).exitCode, 0, gateway.output());
    assert.match(gateway.output(), /requests were cut off: the drain took too long/);
    await gateway.gone(workers);
  });

  it('leaves no worker behind, even when it is killed', async () => {
    const gateway = await start();
    const workers = gateway.workerPids();
    assert.ok(workers.length > 0);

    await gateway.stop('SIGKILL');

    await gateway.gone(workers);
  });
});

describe('a worker that is killed', () => {
  it('is replaced while the gateway goes on, and is counted', async () => {
    const gateway = await start({ ENTIER_WORKERS: '2' });
    const [victim] = gateway.workerPids();
    const asked = Array.from({ length: 40 }, (_, index) =>
      ask(gateway.url, { text: `Text ${index} of London.`, latency_budget_ms: 20_000 }),
    );
    process.kill(victim!, 'SIGKILL');

    const statuses = (await Promise.all(asked)).map(({ status }) => status);

    assert.deepEqual(new Set(statuses), new Set([200]));
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.match(metrics, /entier_worker_restarts_total\{reason="crashed"\} 1/);
  });
});
