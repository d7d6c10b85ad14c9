import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { InferenceClient, InferenceClientProviderApiError } from '@huggingface/inference';
import { errors } from '../../../src/errors.js';
import { resultFor } from '../../support/fake-gateway.js';
import { startHttp, type HttpHarness } from '../../support/http-harness.js';

interface ErrorBody {
  readonly error: string;
  readonly code: string;
  readonly request_id: string;
  readonly detail?: string;
  readonly errors?: readonly { pointer: string }[];
}

let http: HttpHarness;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

function post(model: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${http.url}/models/${model}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const errorIn = async (response: Response): Promise<ErrorBody> =>
  (await response.json()) as ErrorBody;

describe('the client @huggingface/inference', () => {
  const options = { retry_on_error: false };
  const client = (model: string) => new InferenceClient().endpoint(`${http.url}/models/${model}`);

  it('gets the entities of a text', async () => {
    const found = await client('auto').tokenClassification({ inputs: 'met Angela there' });

    assert.deepEqual(found, [
      { entity_group: 'PER', score: 0.987654, word: 'Angela', start: 4, end: 10 },
    ]);
    assert.equal(http.gateway.requests.at(-1)!.variant, undefined);
  });

  it('sends its parameters, and pins the variant that it names', async () => {
    await client('full').tokenClassification({
      inputs: 'met Angela there',
      parameters: { aggregation_strategy: 'average', ignore_labels: ['O', 'MISC'], stride: 16 },
    });

    const request = http.gateway.requests.at(-1)!;
    assert.equal(request.variant, 'full');
    assert.equal(request.aggregation, 'average');
  });

  it('gets a list of lists for several texts', async () => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its function of the task takes one text only
    const found = await client('auto').request({
      inputs: ['Angela', 'nobody', 'in London'],
    });

    assert.deepEqual(
      (found as { word: string }[][]).map((list) => list.map(({ word }) => word)),
      [['Angela'], [], ['London']],
    );
  });

  it('gets an error as it expects it', async () => {
    const call = client('no-such').tokenClassification({ inputs: 'Angela' }, options);

    await assert.rejects(call, (error) => {
      assert.ok(error instanceof InferenceClientProviderApiError);
      assert.match(error.message, /No variant of that name is being served/);
      assert.equal(error.httpResponse.status, 404);
      assert.equal((error.httpResponse.body as { code?: unknown }).code, 'unknown_variant');
      return true;
    });
  });

  it('gets an error for what it sends wrongly', async () => {
    const call = client('auto').tokenClassification({ inputs: 5 as never }, options);

    await assert.rejects(call, /inputs: expected a string, or an array of 1 to 128 strings/);
  });

  it('tries again while a gateway is overloaded', async () => {
    const refusals = [errors.overloaded(1_000), errors.overloaded(1_000)];
    http.gateway.answer = (text) => refusals.shift() ?? resultFor(text);

    const found = await client('auto').tokenClassification({ inputs: 'Angela' });

    http.gateway.answer = resultFor;
    assert.equal(found.length, 1);
    assert.equal(refusals.length, 0);
  });
});

describe('POST /models/{variant}', () => {
  it('honours the budget header and tells the variant', async () => {
    const response = await post('auto', { inputs: 'Angela' }, { 'x-latency-budget-ms': '7.5' });

    assert.equal(response.headers.get('x-variant'), 'full');
    assert.match(response.headers.get('server-timing')!, /inference;dur=4/);
    assert.equal(http.gateway.requests.at(-1)!.budgetMs, 7.5);
  });

  it('goes past the cache where use_cache is false', async () => {
    await post('auto', { inputs: 'A', options: { use_cache: false, wait_for_model: true } });
    assert.equal(http.gateway.requests.at(-1)!.noCache, true);

    await post('auto', { inputs: 'A', options: { use_cache: true } });
    assert.equal(http.gateway.requests.at(-1)!.noCache, false);
  });

  it('leaves ignored labels out', async () => {
    const response = await post('auto', {
      inputs: 'Angela',
      parameters: { ignore_labels: ['O', 'PER'] },
    });

    assert.deepEqual(await response.json(), []);
  });

  it('tells tag and place of each token without aggregation', async () => {
    http.gateway.answer = (text) => {
      const result = resultFor(text);
      return {
        ...result,
        entities: result.entities.map((entity) => ({ ...entity, label: 'B-PER', token: 2 })),
      };
    };
    const response = await post('auto', {
      inputs: ['by Angela'],
      parameters: { aggregation_strategy: 'none' },
    });
    http.gateway.answer = resultFor;

    assert.equal(http.gateway.requests.at(-1)!.aggregation, 'none');
    assert.deepEqual(await response.json(), [
      [{ entity: 'B-PER', index: 3, score: 0.987654, word: 'Angela', start: 3, end: 9 }],
    ]);
  });

  it('fails as a whole where one of several texts cannot be served', async () => {
    http.gateway.answer = (text) => (text === 'b' ? errors.inferenceFailed() : resultFor(text));
    const response = await post('auto', { inputs: ['a', 'b'] });
    http.gateway.answer = resultFor;

    assert.equal(response.status, 500);
    assert.equal((await errorIn(response)).code, 'inference_failed');
  });

  it('waits for a model where that is wished for, and counts the budget from then', async () => {
    const facts = http.gateway.facts;
    http.gateway.facts = { ...facts, ready: false };
    const waiting = post('auto', { inputs: 'Angela', options: { wait_for_model: true } });
    await new Promise((resolve) => setTimeout(resolve, 120));
    const seen = http.gateway.requests.length;
    const readyAt = performance.now();
    http.gateway.facts = facts;
    const response = await waiting;

    assert.equal(response.status, 200);
    assert.equal(http.gateway.requests.length, seen + 1);
    assert.ok(http.gateway.requests.at(-1)!.arrivalAt >= readyAt);
  });

  for (const [what, body, pointer] of [
    ['no inputs', {}, '/inputs'],
    ['no texts', { inputs: [] }, '/inputs'],
    ['129 texts', { inputs: new Array(129).fill('a') }, '/inputs'],
    ['a lone surrogate', { inputs: '\ud800' }, '/inputs'],
    [
      'an unknown strategy',
      { inputs: 'a', parameters: { aggregation_strategy: 'best' } },
      '/parameters/aggregation_strategy',
    ],
    ['an unknown parameter', { inputs: 'a', parameters: { top_k: 3 } }, '/parameters/top_k'],
    [
      'labels without O',
      { inputs: 'a', parameters: { ignore_labels: [] } },
      '/parameters/ignore_labels',
    ],
    ['a negative stride', { inputs: 'a', parameters: { stride: -1 } }, '/parameters/stride'],
    ['an unknown option', { inputs: 'a', options: { colour: true } }, '/options/colour'],
    ['an unknown field', { inputs: 'a', model: 'x' }, '/model'],
    ['a list', [], ''],
  ] as const) {
    it(`refuses ${what} with 422 and the field`, async () => {
      const response = await post('auto', body);
      const error = await errorIn(response);

      assert.equal(response.status, 422);
      assert.match(response.headers.get('content-type')!, /^application\/json/);
      assert.equal(error.code, 'validation_failed');
      assert.deepEqual(
        error.errors!.map((each) => each.pointer),
        [pointer],
      );
      assert.equal(typeof error.error, 'string');
      assert.equal(error.detail, undefined);
      assert.equal(error.request_id, response.headers.get('x-request-id'));
    });
  }

  it('refuses what is no JSON, another method and other paths in the same shape', async () => {
    const refusals = await Promise.all([
      post('auto', '{"inputs"'),
      post('auto', '{}', { 'content-type': 'text/plain' }),
      fetch(`${http.url}/models/auto`),
      fetch(`${http.url}/models/owner/name`),
      fetch(`${http.url}/models/%zz`),
      post('x'.repeat(300), { inputs: 'a' }),
    ]);

    assert.deepEqual(
      await Promise.all(
        refusals.map(async (response) => [response.status, (await errorIn(response)).code]),
      ),
      [
        [400, 'invalid_request'],
        [415, 'unsupported_media_type'],
        [405, 'method_not_allowed'],
        [404, 'not_found'],
        [400, 'invalid_request'],
        [404, 'unknown_variant'],
      ],
    );
  });

  it('is counted under its pattern', async () => {
    const text = await http.metrics.render();

    assert.match(
      text,
      /entier_requests_total\{route="\/models\/\{variant\}",variant="full",code="200"\} \d/,
    );
    assert.match(
      text,
      /entier_requests_total\{route="\/models\/\{variant\}",variant="none",code="422"\} \d/,
    );
    assert.doesNotMatch(text, /no-such/);
  });
});
