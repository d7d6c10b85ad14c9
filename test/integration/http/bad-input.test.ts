import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { problemIn, startHttp, untilClosed, type HttpHarness } from '../../support/http-harness.js';

const SECRET = 'Zanzibar Quux';
const LIMIT = 262_144;

interface Refusal {
  readonly what: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
  readonly pointer?: string;
}

const json = (fields: object): string => JSON.stringify({ text: SECRET, ...fields });
const field = (what: string, fields: object, pointer: string): Refusal => ({
  what,
  body: json(fields),
  status: 422,
  code: 'validation_failed',
  pointer,
});
const header = (value: string): Refusal => ({
  what: `a budget header of "${value}"`,
  body: json({}),
  headers: { 'x-latency-budget-ms': value },
  status: 422,
  code: 'validation_failed',
  pointer: 'X-Latency-Budget-Ms',
});
const unreadable = (what: string, body: unknown): Refusal => ({
  what,
  body,
  status: 400,
  code: 'invalid_request',
});
const mediaType = (what: string, headers: Record<string, string>): Refusal => ({
  what,
  body: json({}),
  headers,
  status: 415,
  code: 'unsupported_media_type',
});

const REFUSALS: readonly Refusal[] = [
  unreadable('no JSON', `${SECRET} is no JSON`),
  unreadable('half of a JSON document', `{"text":"${SECRET}`),
  unreadable('NaN as a budget, which is no JSON', `{"text":"${SECRET}","latency_budget_ms":NaN}`),
  unreadable('no body', ''),
  unreadable(
    'invalid UTF-8',
    Buffer.concat([
      Buffer.from(`{"text":"${SECRET}`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]),
  ),
  unreadable(
    'a surrogate encoded as UTF-8',
    Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
  ),
  { ...field('an array', {}, ''), body: `["${SECRET}"]` },
  { ...field('a string', {}, ''), body: `"${SECRET}"` },
  { ...field('null', {}, ''), body: 'null' },
  { ...field('neither text nor texts', {}, '/text'), body: '{}' },
  field('both text and texts', { texts: [SECRET] }, '/texts'),
  field('a number as text', { text: 5 }, '/text'),
  field('null as text', { text: null }, '/text'),
  { ...field('texts that are no array', {}, '/texts'), body: `{"texts":"${SECRET}"}` },
  { ...field('no texts', {}, '/texts'), body: '{"texts":[]}' },
  { ...field('a number among texts', {}, '/texts/1'), body: `{"texts":["${SECRET}",5]}` },
  {
    ...field('129 texts', {}, '/texts'),
    body: JSON.stringify({ texts: new Array<string>(129).fill(SECRET) }),
  },
  field('an unknown key', { colour: 'red' }, '/colour'),
  field('an unknown key with signs of a pointer', { 'a/b~c': 1 }, '/a~1b~0c'),
  {
    ...field('__proto__', {}, '/__proto__'),
    body: `{"text":"${SECRET}","__proto__":{"threshold":1}}`,
  },
  field('constructor', { constructor: {} }, '/constructor'),
  { ...field('a lone surrogate', {}, '/text'), body: `{"text":"${SECRET} \\ud800"}` },
  { ...field('a lone low surrogate', {}, '/texts/0'), body: `{"texts":["\\udc00 ${SECRET}"]}` },
  field('a lone surrogate in the key', { experiment_key: '\ud800' }, '/experiment_key'),
  ...[0, -1, '50', 1e12, 600_001, null, true, [50]].map((latency_budget_ms) =>
    field(
      `a budget of ${JSON.stringify(latency_budget_ms)}`,
      { latency_budget_ms },
      '/latency_budget_ms',
    ),
  ),
  {
    ...field('a budget beyond all numbers', {}, '/latency_budget_ms'),
    body: `{"text":"${SECRET}","latency_budget_ms":1e999}`,
  },
  field('a budget and a tier', { latency_budget_ms: 5, tier: 'batch' }, '/tier'),
  ...['NaN', '0', '-1', '1e12', '600001', 'soon', '0x10', '', ' ', '5, 5'].map(header),
  field('an unknown tier', { tier: 'eventually' }, '/tier'),
  field('a tier named like a method of objects', { tier: 'constructor' }, '/tier'),
  field('a threshold of 2', { threshold: 2 }, '/threshold'),
  field('a negative threshold', { threshold: -0.1 }, '/threshold'),
  field('an unknown unit', { offset_unit: 'grapheme' }, '/offset_unit'),
  field('an unknown aggregation', { aggregation: 'best' }, '/aggregation'),
  field('an unknown overflow', { overflow: 'drop' }, '/overflow'),
  field('an unknown on_miss', { on_miss: 'retry' }, '/on_miss'),
  field('a min_f1 of 1.5', { min_f1: 1.5 }, '/min_f1'),
  field('no labels', { labels: [] }, '/labels'),
  field('a label that is no string', { labels: ['PER', 1] }, '/labels/1'),
  field('an empty experiment key', { experiment_key: '' }, '/experiment_key'),
  field('an endless experiment key', { experiment_key: 'k'.repeat(257) }, '/experiment_key'),
  {
    what: 'an unknown variant',
    body: json({ variant: 'best' }),
    status: 404,
    code: 'unknown_variant',
  },
  mediaType('plain text', { 'content-type': 'text/plain' }),
  mediaType('a form', { 'content-type': 'application/x-www-form-urlencoded' }),
  mediaType('latin-1', { 'content-type': 'application/json; charset=latin1' }),
  mediaType('something like JSON', { 'content-type': 'application/jsonp' }),
  mediaType('gzip', { 'content-encoding': 'gzip' }),
  {
    what: 'a body over the limit',
    body: JSON.stringify({ text: SECRET.repeat(Math.ceil(LIMIT / SECRET.length)) }),
    status: 413,
    code: 'payload_too_large',
  },
];

describe('POST /ner refuses bad input', () => {
  let http: HttpHarness;
  before(async () => {
    http = await startHttp({ requestMs: 200, headersMs: 200, checkEveryMs: 20 });
  });
  after(() => http.close());

  afterEach(async () => {
    const next = await http.post({ text: 'Merkel visited.' });
    assert.equal(next.status, 200, 'the next request works');
    await next.body?.cancel();
    assert.ok(!http.logLines.join('').includes('Zanzibar'), 'nothing of the text is logged');
    http.logLines.length = 0;
  });

  for (const { what, body, headers, status, code, pointer } of REFUSALS) {
    it(`${what}: ${status} ${code}${pointer === undefined ? '' : ` at ${pointer || 'the root'}`}`, async () => {
      const response = await http.post(body, headers);
      const raw = await response.text();

      assert.equal(response.status, status, raw);
      assert.equal(response.headers.get('content-type'), 'application/problem+json');
      assert.ok(!raw.includes('Zanzibar'), 'nothing of the text is in the answer');
      const problem = JSON.parse(raw) as Awaited<ReturnType<typeof problemIn>>;
      assert.equal(problem.code, code);
      assert.equal(problem.status, status);
      assert.equal(problem.type, `urn:entier:problem:${code}`);
      assert.equal(problem.request_id, response.headers.get('x-request-id'));
      if (pointer !== undefined) assert.equal(problem.errors?.[0]?.pointer, pointer);
    });
  }

  it('lists every wrong field at once', async () => {
    const response = await http.post({ text: SECRET, threshold: 2, tier: 'x', colour: 1 });

    const pointers = (await problemIn(response)).errors?.map(({ pointer }) => pointer);
    assert.deepEqual(pointers?.toSorted(), ['/colour', '/threshold', '/tier']);
  });

  it('a chunked body over the limit: 413 as soon as the limit is passed', async () => {
    const socket = await http.open();
    const answer = untilClosed(socket);
    socket.write(
      'POST /ner HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const piece = 'x'.repeat(65_536);
    for (let sent = 0; sent <= LIMIT; sent += piece.length) {
      socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    }
    await once(socket, 'data');
    socket.end();

    const text = await answer;
    assert.match(text, /^HTTP\/1\.1 413 /);
    assert.match(text, /"code":"payload_too_large".*"limit":262144/);
  });

  it('an endless chunked body: 413, and then the connection is cut', async () => {
    const socket = await http.open();
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.write(
      'POST /ner HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const pump = (): void => {
      while (socket.writable && socket.write(piece));
    };
    socket.on('drain', pump);
    pump();
    await closed;

    assert.match(received, /^HTTP\/1\.1 413 /);
  });

  for (const length of ['abc', '-5', '12, 13', '99999999999999999999999']) {
    it(`a Content-Length of "${length}": a problem, and the connection is closed`, async () => {
      const socket = await http.open();
      socket.write(
        `POST /ner HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${SECRET}`,
      );

      const text = await untilClosed(socket);
      assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json/);
      assert.match(text, /"code":"invalid_request"/);
      assert.ok(!text.includes('Zanzibar'));
    });
  }

  it('headers without an end: 431', async () => {
    const socket = await http.open();
    socket.on('error', () => undefined);
    socket.write(`GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);

    const text = await untilClosed(socket);
    assert.match(text, /^HTTP\/1\.1 431 .*\r\nContent-Type: application\/problem\+json/);
  });

  it('a body that never ends: 408 after the request timeout', async () => {
    const socket = await http.open();
    socket.write(
      `POST /ner HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"text":"${SECRET}`,
    );

    const text = await untilClosed(socket);
    assert.match(
      text,
      /^HTTP\/1\.1 408 Request Timeout\r\nContent-Type: application\/problem\+json/,
    );
  });

  it('a caller who hangs up while sending: nothing reaches the gateway', async () => {
    const before = http.gateway.requests.length;
    const gone = once(http.server, 'request').then(([request]) =>
      once(request as NodeJS.EventEmitter, 'close'),
    );
    const socket = await http.open();
    socket.write(
      `POST /ner HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"text":"${SECRET}`,
    );
    await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await gone.catch(() => undefined);

    assert.equal(http.gateway.requests.length, before);
  });

  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
    it(`${method} /ner: 405 with Allow`, async () => {
      const response = await fetch(`${http.url}/ner`, { method });

      assert.equal(response.status, 405);
      assert.equal(response.headers.get('allow'), 'POST');
      if (method !== 'HEAD') assert.equal((await problemIn(response)).code, 'method_not_allowed');
    });
  }

  it('POST /variants: 405 with Allow', async () => {
    const response = await fetch(`${http.url}/variants`, { method: 'POST', body: SECRET });

    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
    await response.body?.cancel();
  });

  for (const path of ['/', '/nerd', '/v2/ner', '/%', '/ner/%00', `/${SECRET}`, '/__proto__']) {
    it(`the unknown path ${path}: 404`, async () => {
      const response = await fetch(http.url + path, { method: 'POST' });

      assert.equal(response.status, 404);
      const raw = await response.text();
      assert.equal((JSON.parse(raw) as { code: string }).code, 'not_found');
      assert.ok(!raw.includes('Zanzibar'));
    });
  }
});
