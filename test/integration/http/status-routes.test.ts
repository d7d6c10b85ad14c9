import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import * as schemas from '../../../src/http/status-routes.js';
import { FakeGateway } from '../../support/fake-gateway.js';
import { startHttp, type HttpHarness } from '../../support/http-harness.js';

describe('the routes that tell of the gateway', () => {
  let http: HttpHarness;
  const get = async (
    path: string,
  ): Promise<{ status: number; type: string | null; body: unknown }> => {
    const response = await fetch(http.url + path);
    const { status, headers } = response;
    return { status, type: headers.get('content-type'), body: await response.json() };
  };
  before(async () => {
    http = await startHttp();
  });
  after(() => http.close());
  afterEach(() => {
    http.gateway.facts = new FakeGateway().facts;
  });

  it('/livez says ok, whatever the gateway says', async () => {
    http.gateway.facts = { ...http.gateway.facts, ready: false, draining: true };

    const { status, body } = await get('/livez');
    assert.equal(status, 200);
    assert.deepEqual(body, { status: 'ok' });
  });

  it('/readyz tells of variants that are missing while others serve', async () => {
    const { status, body } = await get('/readyz');

    assert.equal(status, 200);
    assert.deepEqual(body, {
      ready: true,
      draining: false,
      variants: [
        { name: 'full', state: 'active' },
        { name: 'broken', state: 'failed', detail: 'its sha256 is not that of the card' },
      ],
      execution_provider: { requested: 'auto', active: 'cpu', detail: 'no CUDA: no device' },
      worker_layout: { workers: 2, threads: 1, chosen_by: 'measurement' },
    });
    assert.ok(schemas.readinessSchema.safeParse(body).success);
  });

  for (const { draining, code } of [
    { draining: false, code: 'not_ready' },
    { draining: true, code: 'draining' },
  ]) {
    it(`/readyz is a problem ${code} that tells what is missing`, async () => {
      http.gateway.facts = { ...http.gateway.facts, ready: false, draining };

      const { status, type, body } = await get('/readyz');
      assert.equal(status, 503);
      assert.equal(type, 'application/problem+json');
      const problem = body as { code: string; ready: boolean; variants: unknown[] };
      assert.equal(problem.code, code);
      assert.equal(problem.ready, false);
      assert.equal(problem.variants.length, 2);
    });
  }

  it('/variants lists those that serve and those that do not', async () => {
    const { status, body } = await get('/variants');

    assert.equal(status, 200);
    const { variants } = schemas.variantsSchema.parse(body);
    assert.deepEqual(
      variants.map(({ name, state, quality }) => [name, state, quality]),
      [
        ['full', 'active', 0.93],
        ['broken', 'failed', null],
      ],
    );
    assert.deepEqual(
      variants.map(({ calibration }) => calibration),
      [{ temperature: 1.5, expected_calibration_error: 0.02 }, null],
    );
  });

  it('/experiments shows the arms with their figures', async () => {
    const { status, body } = await get('/experiments');

    assert.equal(status, 200);
    assert.equal(schemas.experimentsSchema.parse(body).experiments[0]?.arms[0]?.requests, 3);
  });

  it('/metrics is what Prometheus reads', async () => {
    const response = await fetch(`${http.url}/metrics`);

    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.match(await response.text(), /^# TYPE entier_requests_total counter$/m);
  });

  it('answers HEAD without a body', async () => {
    const response = await fetch(`${http.url}/livez`, { method: 'HEAD' });

    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });

  it('/openapi.json describes every route, with the limits of the configuration', async () => {
    const { body } = await get('/openapi.json');

    const document = body as {
      openapi: string;
      paths: Record<
        string,
        Record<
          string,
          { responses: Record<string, { description: string }> } & Record<string, unknown>
        >
      >;
    };
    assert.equal(document.openapi, '3.1.0');
    assert.deepEqual(Object.keys(document.paths).toSorted(), [
      '/experiments',
      '/livez',
      '/metrics',
      '/models/{variant}',
      '/ner',
      '/ner/stream',
      '/openapi.json',
      '/readyz',
      '/v1/ner',
      '/v2',
      '/v2/health/live',
      '/v2/health/ready',
      '/v2/models/{name}',
      '/v2/models/{name}/infer',
      '/v2/models/{name}/ready',
      '/v2/models/{name}/versions/{version}',
      '/v2/models/{name}/versions/{version}/infer',
      '/v2/models/{name}/versions/{version}/ready',
      '/v2/repository/index',
      '/variants',
    ]);
    const ner = document.paths['/ner']!['post']!;
    assert.deepEqual(Object.keys(ner.responses), [
      '200',
      '400',
      '404',
      '413',
      '415',
      '422',
      '500',
      '503',
      '504',
    ]);
    assert.equal(
      ner.responses['503']?.description,
      'overloaded, budget_unreachable, not_ready, draining',
    );
    const text = JSON.stringify(ner);
    assert.match(text, /"maxItems":128/);
    assert.match(text, /"maximum":600000/);
    assert.match(text, /"enum":\["realtime","interactive","standard","batch"\]/);
    assert.match(
      text,
      /"default":"default","description":"[^"]+","type":"string","enum":\[[^\]]*"critical"/,
    );
    assert.match(text, /"additionalProperties":false/);
    assert.match(text, /"oneOf":\[\{"required":\["text"\]\},\{"required":\["texts"\]\}\]/);
  });
});
