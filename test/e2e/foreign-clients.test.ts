import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { InferenceClient } from '@huggingface/inference';
import { createApp, type App } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { ADMIN_KEY } from '../support/fake-admin.js';

interface Entity {
  readonly label: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

/** As in test/python/triton_client.py. */
const TEXTS = ['Angela Merkel visited the BBC in London.', 'Zoë 🙂 met Bob in Paris.', 'It rains.'];
const run = promisify(execFile);

describe('clients of other servers', () => {
  let app: App;
  let url: string;
  before(async () => {
    const env = {
      PORT: '0',
      ENTIER_MODELS_DIR: 'test/fixtures/models',
      ENTIER_ADMIN_KEY: ADMIN_KEY,
      ENTIER_WORKERS: '1',
      ENTIER_THREADS: '1',
    };
    const config = loadConfig({ env, readFile: () => undefined });
    app = await createApp({ config, logger: createLogger('silent') });
    const { port } = await app.listen();
    url = `http://127.0.0.1:${port}`;
    await app.ready();
  });
  after(() => app.close());

  async function ner(fields: object): Promise<readonly Entity[][]> {
    const response = await fetch(`${url}/ner`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ texts: TEXTS, variant: 'tiny', tier: 'batch', ...fields }),
    });
    const { results } = (await response.json()) as { results: { entities: Entity[] }[] };
    return results.map(({ entities }) => entities);
  }

  it('@huggingface/inference finds what POST /ner finds, for every strategy', async () => {
    const client = new InferenceClient().endpoint(`${url}/models/tiny`);
    let found = 0;
    for (const strategy of ['simple', 'first', 'average', 'max'] as const) {
      const expected = await ner({ aggregation: strategy });
      for (const [index, text] of TEXTS.entries()) {
        const entities = await client.tokenClassification({
          inputs: text,
          parameters: { aggregation_strategy: strategy },
        });
        found += entities.length;
        assert.deepEqual(
          entities,
          expected[index]!.map(({ label, text: word, ...rest }) => ({
            entity_group: label,
            word,
            ...rest,
          })),
        );
      }
    }
    assert.ok(found > 0);
  });

  it('the shape of Hugging Face tells tag and place of each token without aggregation', async () => {
    const response = await fetch(`${url}/models/tiny`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: TEXTS[0], parameters: { aggregation_strategy: 'none' } }),
    });
    const tokens = (await response.json()) as { entity: string; index: number; word: string }[];
    const [expected] = await ner({ aggregation: 'none' });

    assert.deepEqual(
      tokens.map(({ entity, word }) => [entity, word]),
      expected!.map(({ label, text }) => [label, text]),
    );
    const places = tokens.map(({ index }) => index);
    assert.ok(places.length > 0 && places[0]! >= 1);
    assert.deepEqual(
      [...new Set(places)].sort((a, b) => a - b),
      places,
    );
  });

  it('tritonclient works with health, metadata, inference, errors and the repository', async () => {
    await run('bash', ['scripts/setup_venv.sh']);
    const address = url.replace('http://', '');
    const { stdout } = await run('.venv/bin/python', [
      'test/python/triton_client.py',
      address,
      ADMIN_KEY,
    ]);

    const found = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Entity[]);
    assert.deepEqual(found, await ner({}));
  });

  it('a stream finds what POST /ner finds', async () => {
    const response = await fetch(`${url}/ner/stream?variant=tiny&tier=batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: TEXTS.map((text) => JSON.stringify(text)).join('\n'),
    });
    const lines = (await response.text()).trim().split('\n');

    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { entities: Entity[] }).entities),
      await ner({}),
    );
  });
});
