import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { errors } from '../../../src/errors.js';
import { decodeTexts, encodeTexts } from '../../../src/http/oip-tensors.js';
import { SERVER_VERSION } from '../../../src/http/server-version.js';
import { ADMIN_KEY, FakeAdmin } from '../../support/fake-admin.js';
import { resultFor } from '../../support/fake-gateway.js';
import { startHttp, type HttpHarness } from '../../support/http-harness.js';

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data?: readonly string[];
  readonly parameters?: { readonly binary_data_size: number };
}

interface Answer {
  readonly id?: string;
  readonly model_name: string;
  readonly model_version: string;
  readonly outputs: readonly Tensor[];
}

interface ErrorBody {
  readonly error: string;
  readonly code: string;
  readonly errors?: readonly { pointer: string }[];
}

const KEY = { authorization: `Bearer ${ADMIN_KEY}` };
const input = (data: readonly unknown[], shape: readonly number[] = [data.length]) => ({
  name: 'text',
  datatype: 'BYTES',
  shape,
  data,
});

const admin = new FakeAdmin();
let http: HttpHarness;
before(async () => {
  http = await startHttp({}, { admin: admin.options() });
});
beforeEach(() => {
  http.gateway.answer = resultFor;
});
after(() => http.close());

const get = (path: string) => fetch(http.url + path);
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(http.url + path, {
    method: 'POST',
    headers,
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
const infer = (body: unknown, headers: Record<string, string> = {}) =>
  post('/v2/models/auto/infer', body, headers);
const json = async (response: Response): Promise<unknown> => response.json();
const errorIn = async (response: Response): Promise<ErrorBody> =>
  (await json(response)) as ErrorBody;
const answerIn = async (response: Response): Promise<Answer> => {
  assert.equal(response.status, 200);
  return (await json(response)) as Answer;
};
const lastRequest = () => http.gateway.requests.at(-1)!;

describe('the Open Inference Protocol', () => {
  it('tells of server, health and models', async () => {
    const tensor = (name: string) => ({ name, datatype: 'BYTES', shape: [-1] });
    const model = {
      name: 'full',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [tensor('text')],
      outputs: [tensor('entities'), tensor('variant'), tensor('decision')],
    };

    assert.deepEqual(await json(await get('/v2')), {
      name: 'entier',
      version: SERVER_VERSION,
      extensions: ['binary_tensor_data', 'model_repository', 'schedule_policy', 'parameters'],
    });
    assert.deepEqual(await json(await get('/v2/health/live')), { live: true });
    assert.deepEqual(await json(await get('/v2/health/ready')), { ready: true });
    assert.deepEqual(await json(await get('/v2/models/full')), model);
    assert.deepEqual(await json(await get('/v2/models/full/versions/1')), model);
    assert.deepEqual(await json(await get('/v2/models/auto')), { ...model, name: 'auto' });
    for (const name of ['full', 'auto']) {
      const ready = await get(`/v2/models/${name}/ready`);
      assert.deepEqual(await json(ready), { name, ready: true });
    }
  });

  it('tells which model does not serve, and that nothing does', async () => {
    const facts = http.gateway.facts;
    const broken = await get('/v2/models/broken/ready');
    http.gateway.facts = { ...facts, ready: false };
    const starting = await get('/v2/health/ready');
    http.gateway.facts = { ...facts, ready: false, draining: true };
    const draining = await get('/v2/models/auto/ready');
    http.gateway.facts = facts;

    for (const [response, code] of [
      [broken, 'not_ready'],
      [starting, 'not_ready'],
      [draining, 'draining'],
    ] as const) {
      assert.equal(response.status, 503);
      assert.ok(Number(response.headers.get('retry-after')) >= 1);
      assert.equal((await errorIn(response)).code, code);
    }
  });

  it('answers each text with its entities, variant and decision', async () => {
    const answer = await answerIn(
      await infer({ id: 'a-1', inputs: [input(['Angela', 'nobody'])] }),
    );

    assert.deepEqual(answer, {
      id: 'a-1',
      model_name: 'auto',
      model_version: '1',
      outputs: [
        {
          name: 'entities',
          datatype: 'BYTES',
          shape: [2],
          data: ['[{"label":"PER","text":"Angela","start":0,"end":6,"score":0.987654}]', '[]'],
        },
        { name: 'variant', datatype: 'BYTES', shape: [2], data: ['full', 'full'] },
        { name: 'decision', datatype: 'BYTES', shape: [2], data: ['best_fit', 'best_fit'] },
      ],
    });
  });

  it('takes a column, nested or flat, and gives one', async () => {
    for (const data of [
      ['a', 'B'],
      [['a'], ['B']],
    ]) {
      const { outputs } = await answerIn(await infer({ inputs: [input(data, [2, 1])] }));

      assert.deepEqual(lastRequest().texts, ['a', 'B']);
      assert.deepEqual(outputs[0]!.shape, [2, 1]);
    }
  });

  it('gives the outputs that were asked for, in that order', async () => {
    const { outputs } = await answerIn(
      await infer({ inputs: [input(['a'])], outputs: [{ name: 'decision' }, { name: 'variant' }] }),
    );

    assert.deepEqual(
      outputs.map(({ name, data }) => [name, data]),
      [
        ['decision', ['best_fit']],
        ['variant', ['full']],
      ],
    );
  });

  it('takes texts as bytes after the JSON, and gives bytes where they are asked for', async () => {
    const bytes = encodeTexts(['Zoë 🙂', 'b']);
    const tensor = { ...input(['', '']), data: undefined };
    const head = JSON.stringify({
      inputs: [{ ...tensor, parameters: { binary_data_size: bytes.length } }],
      parameters: { binary_data_output: true },
      outputs: [
        { name: 'variant' },
        { name: 'decision', parameters: { binary_data: false } },
        { name: 'entities', parameters: { binary_data: true } },
      ],
    });
    const response = await infer(Buffer.concat([Buffer.from(head), bytes]), {
      'inference-header-content-length': String(Buffer.byteLength(head)),
      'content-type': 'application/octet-stream',
    });

    assert.deepEqual(lastRequest().texts, ['Zoë 🙂', 'b']);
    assert.equal(response.headers.get('content-type'), 'application/octet-stream');
    const body = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get('inference-header-content-length'));
    const { outputs } = JSON.parse(body.subarray(0, length).toString()) as Answer;
    const sizes = outputs.map(({ parameters }) => parameters?.binary_data_size);
    assert.deepEqual(outputs[1]!.data, ['best_fit', 'best_fit']);
    assert.equal(sizes[1], undefined);
    assert.equal(length + sizes[0]! + sizes[2]!, body.length);
    const first = body.subarray(length, length + sizes[0]!);
    assert.deepEqual(decodeTexts(first, 2), ['full', 'full']);
    const entities = decodeTexts(body.subarray(length + sizes[0]!), 2);
    assert.equal((JSON.parse(entities[0]!) as { text: string }[])[0]!.text, 'Zo');
  });

  it('maps its parameters to those of the gateway', async () => {
    const parameters = {
      timeout: 12_500,
      priority: 1,
      on_miss: 'reject',
      min_f1: 0.5,
      labels: 'PER, ORG',
      threshold: 0.25,
      aggregation: 'max',
      offset_unit: 'utf16',
      overflow: 'truncate',
      experiment_key: 'user-42',
    };
    await answerIn(await infer({ inputs: [input(['a'])], parameters }));

    const { budgetMs, criticality, onMiss, minF1, labels, ...rest } = lastRequest();
    assert.deepEqual([budgetMs, criticality, onMiss, minF1], [12.5, 'critical', 'reject', 0.5]);
    assert.deepEqual(labels, ['PER', 'ORG']);
    assert.deepEqual([rest.threshold, rest.aggregation], [0.25, 'max']);
    assert.deepEqual([rest.offsetUnit, rest.overflow], ['utf16', 'truncate']);
    assert.equal(rest.experimentKey, 'user-42');
  });

  it('names no budget with a timeout of 0, and knows three priorities', async () => {
    const asked = [];
    for (const priority of [0, 2, 3, 9]) {
      await answerIn(await infer({ inputs: [input(['a'])], parameters: { timeout: 0, priority } }));
      asked.push([lastRequest().criticality, lastRequest().tier]);
    }

    assert.deepEqual(asked, [
      ['default', 'standard'],
      ['default', 'standard'],
      ['sheddable', 'standard'],
      ['sheddable', 'standard'],
    ]);
  });

  it('pins the model that the path names, and honours the budget header', async () => {
    const body = { inputs: [input(['a'])] };
    const response = await post('/v2/models/full/versions/1/infer', body, {
      'x-latency-budget-ms': '9',
    });

    assert.equal((await answerIn(response)).model_name, 'full');
    assert.equal(response.headers.get('x-variant'), 'full');
    assert.equal(lastRequest().variant, 'full');
    assert.equal(lastRequest().budgetMs, 9);
  });

  it('fails as a whole with the error of a text', async () => {
    http.gateway.answer = (text) =>
      text === 'b' ? errors.budgetUnreachable(5, 100) : resultFor(text);
    const response = await infer({ inputs: [input(['a', 'b'])] });

    assert.equal(response.status, 503);
    assert.equal((await errorIn(response)).code, 'budget_unreachable');
  });

  const one = input(['a']);
  for (const [what, body, pointer] of [
    ['no inputs', {}, '/inputs'],
    ['two inputs', { inputs: [one, one] }, '/inputs'],
    ['another input', { inputs: [{ ...one, name: 'ids' }] }, '/inputs/0/name'],
    ['another datatype', { inputs: [{ ...one, datatype: 'FP32' }] }, '/inputs/0/datatype'],
    ['no texts', { inputs: [input([])] }, '/inputs/0/shape/0'],
    ['129 texts', { inputs: [input(new Array(129).fill('a'))] }, '/inputs/0/shape/0'],
    ['a row', { inputs: [input(['a', 'b'], [1, 2])] }, '/inputs/0/shape'],
    ['a shape of another size', { inputs: [input(['a'], [2])] }, '/inputs/0/data'],
    ['numbers', { inputs: [input([1])] }, '/inputs/0/data/0'],
    ['neither data nor bytes', { inputs: [{ ...one, data: undefined }] }, '/inputs/0/data'],
    ['both', { inputs: [{ ...one, parameters: { binary_data_size: 5 } }] }, '/inputs/0/data'],
    [
      'shared memory',
      { inputs: [{ ...one, parameters: { shared_memory_region: 'x' } }] },
      '/inputs/0/parameters/shared_memory_region',
    ],
    ['an unknown output', { inputs: [one], outputs: [{ name: 'logits' }] }, '/outputs/0/name'],
    [
      'an output twice',
      { inputs: [one], outputs: [{ name: 'variant' }, { name: 'variant' }] },
      '/outputs',
    ],
    [
      'an unknown parameter',
      { inputs: [one], parameters: { sequence_id: 4 } },
      '/parameters/sequence_id',
    ],
    ['a negative timeout', { inputs: [one], parameters: { timeout: -1 } }, '/parameters/timeout'],
    [
      'a timeout beyond the limit',
      { inputs: [one], parameters: { timeout: 600_000_001 } },
      '/parameters/timeout',
    ],
    [
      'a timeout and a budget',
      { inputs: [one], parameters: { timeout: 5, latency_budget_ms: 5 } },
      '/parameters/timeout',
    ],
    ['a timeout and a tier', { inputs: [one], parameters: { timeout: 5, tier: 'batch' } }, '/tier'],
    [
      'priority and criticality',
      { inputs: [one], parameters: { priority: 1, criticality: 'default' } },
      '/parameters/priority',
    ],
    ['a list', [], ''],
  ] as const) {
    it(`refuses ${what} with 422 and the field`, async () => {
      const response = await infer(body);
      const { code, errors: issues, error } = await errorIn(response);

      assert.equal(response.status, 422);
      assert.match(response.headers.get('content-type')!, /^application\/json/);
      assert.equal(code, 'validation_failed');
      assert.equal(issues![0]!.pointer, pointer);
      assert.equal(typeof error, 'string');
    });
  }

  const framed = (sizeBytes: number, count = 1): string =>
    JSON.stringify({
      inputs: [
        {
          name: 'text',
          datatype: 'BYTES',
          shape: [count],
          parameters: { binary_data_size: sizeBytes },
        },
      ],
    });
  const withBytes = (head: string, bytes: Buffer, length: number | string = head.length) =>
    infer(Buffer.concat([Buffer.from(head), bytes]), {
      'inference-header-content-length': String(length),
    });
  for (const [what, send] of [
    ['no body', () => infer('')],
    ['no JSON', () => infer('{"inputs"')],
    ['bytes without their header', () => infer(framed(5) + '\u0001\0\0\0a')],
    ['a huge length of the JSON', () => withBytes(framed(5), encodeTexts(['a']), '9'.repeat(30))],
    ['a length of the JSON beyond the body', () => withBytes(framed(5), encodeTexts(['a']), 9_999)],
    ['a length that cuts the JSON', () => withBytes(framed(5), encodeTexts(['a']), 10)],
    ['a length of nothing', () => withBytes(framed(5), encodeTexts(['a']), 0)],
    ['fewer bytes than it says', () => withBytes(framed(6), encodeTexts(['a']))],
    ['more bytes than it says', () => withBytes(framed(4), encodeTexts(['a']))],
    ['bytes that end within an element', () => withBytes(framed(5), Buffer.from([9, 0, 0, 0, 97]))],
    ['more elements than its shape', () => withBytes(framed(10), encodeTexts(['a', 'b']))],
    ['fewer elements than its shape', () => withBytes(framed(5, 2), encodeTexts(['a']))],
    ['bytes that are no UTF-8', () => withBytes(framed(5), Buffer.from([1, 0, 0, 0, 255]))],
    [
      'bytes that belong to no input',
      () => withBytes(JSON.stringify({ inputs: [one] }), Buffer.from('ab')),
    ],
  ] as const) {
    it(`refuses ${what} with 400`, async () => {
      const response = await send();

      assert.equal(response.status, 400);
      assert.equal((await errorIn(response)).code, 'invalid_request');
    });
  }

  it('refuses bodies that are too large, compressed or in another charset', async () => {
    const statuses = await Promise.all(
      [
        infer({ inputs: [input(['a'.repeat(262_144)])] }),
        infer({ inputs: [one] }, { 'content-encoding': 'gzip' }),
        infer({ inputs: [one] }, { 'content-type': 'application/json; charset=latin1' }),
      ].map(async (each) => (await each).status),
    );

    assert.deepEqual(statuses, [413, 415, 415]);
  });

  it('has nothing elsewhere, in its own shape', async () => {
    const refusals = await Promise.all([
      get('/v2/models/none'),
      get('/v2/models/none/ready'),
      get('/v2/models/full/versions/2'),
      get('/v2/models/full/config'),
      get('/V2/nothing'),
      get('/v2/models/full/infer'),
      post('/v2/models/none/infer', { inputs: [one] }),
      post('/v2/models/broken/infer', { inputs: [one] }),
      post('/v2/models/full/versions/2/infer', { inputs: [one] }),
    ]);

    assert.deepEqual(
      await Promise.all(refusals.map(async (each) => [each.status, (await errorIn(each)).code])),
      [
        [404, 'unknown_variant'],
        [404, 'unknown_variant'],
        [404, 'not_found'],
        [404, 'not_found'],
        [404, 'not_found'],
        [405, 'method_not_allowed'],
        [404, 'unknown_variant'],
        [404, 'unknown_variant'],
        [404, 'not_found'],
      ],
    );
  });

  it('is counted under its pattern', async () => {
    const text = await http.metrics.render();

    assert.match(
      text,
      /entier_requests_total\{route="\/v2\/models\/\{name\}\/infer",variant="full",code="200"\} \d/,
    );
    assert.match(
      text,
      /entier_requests_total\{route="\/v2\/models\/\{name\}\/infer",variant="none",code="400"\} \d/,
    );
    assert.match(
      text,
      /entier_requests_total\{route="\/v2\/models\/\{name\}\/versions\/\{version\}\/infer",variant="full"/,
    );
  });
});

describe('the model repository', () => {
  const entry = (name: string, state: string, reason: string) => ({
    name,
    version: '1',
    state,
    reason,
  });

  it('lists the models with their states, to anyone', async () => {
    const full = entry('full', 'READY', '');
    const broken = entry('broken', 'UNAVAILABLE', 'its sha256 is not that of the card');

    assert.deepEqual(await json(await post('/v2/repository/index', '')), [full, broken]);
    assert.deepEqual(await json(await post('/v2/repository/index', { ready: true })), [full]);
  });

  it('loads and unloads with the admin key', async () => {
    const load = await post('/v2/repository/models/small/load', '', KEY);
    const parameters = { unload_dependents: false };
    const unload = await post('/v2/repository/models/small/unload', { parameters }, KEY);

    assert.deepEqual([load.status, unload.status], [200, 200]);
    assert.deepEqual(await json(load), { name: 'small', load: true });
    assert.deepEqual(await json(unload), { name: 'small', unload: true });
    assert.deepEqual(admin.calls.slice(-2), [
      { method: 'activate', argument: 'small' },
      { method: 'retire', argument: 'small' },
    ]);
  });

  it('changes nothing without the key, with another one, or with what it cannot take', async () => {
    const before = admin.calls.length;
    const path = '/v2/repository/models/small/load';
    const refusals = await Promise.all([
      post(path, ''),
      post(path, '', { authorization: 'Bearer not-the-right-key' }),
      post(path, { parameters: { config: '{}' } }, KEY),
      post(path, '{', KEY),
      post('/v2/repository/models/..%2f..%2fetc/load', '', KEY),
      post('/v2/repository/models/small/unload', { parameters: { unload_dependents: 1 } }, KEY),
    ]);

    assert.equal(admin.calls.length, before);
    assert.equal(refusals[0].headers.get('www-authenticate'), 'Bearer realm="entier admin"');
    assert.deepEqual(
      await Promise.all(refusals.map(async (each) => [each.status, (await errorIn(each)).code])),
      [
        [401, 'unauthenticated'],
        [403, 'forbidden'],
        [422, 'validation_failed'],
        [400, 'invalid_request'],
        [404, 'not_found'],
        [422, 'validation_failed'],
      ],
    );
  });

  it('tells why a model cannot be unloaded', async () => {
    admin.failure = errors.conflict('It is the last variant that serves.');
    const response = await post('/v2/repository/models/full/unload', '', KEY);

    assert.equal(response.status, 409);
    assert.equal((await errorIn(response)).error, 'It is the last variant that serves.');
  });

  it('cannot be changed where the gateway has no admin key', async () => {
    const open = await startHttp();
    const response = await fetch(`${open.url}/v2/repository/models/full/load`, { method: 'POST' });
    const error = await errorIn(response);
    await open.close();

    assert.equal(response.status, 404);
    assert.match(error.error, /set ENTIER_ADMIN_KEY/);
  });
});
