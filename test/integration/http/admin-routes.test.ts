import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { errors, type GatewayError } from '../../../src/errors.js';
import { buildSchema, buildsSchema } from '../../../src/http/admin-schema.js';
import { ADMIN_KEY, FakeAdmin } from '../../support/fake-admin.js';
import { problemIn, startHttp, untilClosed, type HttpHarness } from '../../support/http-harness.js';

const BEARER = { authorization: `Bearer ${ADMIN_KEY}` };
const JSON_BODY = { 'content-type': 'application/json' };
const SECRET = 'Zanzibar';

/** Every row of the admin table, with a request that it takes. */
const ROWS = [
  {
    method: 'POST',
    path: '/admin/variants',
    route: '/admin/variants',
    body: { parent: 'full', recipe: { precision: 'int8' } },
    status: 202,
  },
  {
    method: 'POST',
    path: '/admin/variants/fit',
    route: '/admin/variants/fit',
    body: { tokens: 32, max_ms: 2 },
    status: 202,
  },
  { method: 'GET', path: '/admin/builds', route: '/admin/builds', status: 200 },
  { method: 'GET', path: '/admin/builds/b1', route: '/admin/builds/{id}', status: 200 },
  { method: 'DELETE', path: '/admin/builds/b1', route: '/admin/builds/{id}', status: 200 },
  {
    method: 'GET',
    path: '/admin/builds/b1/events',
    route: '/admin/builds/{id}/events',
    status: 200,
  },
  {
    method: 'POST',
    path: '/admin/variants/full-int8/activate',
    route: '/admin/variants/{name}/activate',
    status: 204,
  },
  {
    method: 'POST',
    path: '/admin/variants/full-int8/retire',
    route: '/admin/variants/{name}/retire',
    status: 204,
  },
  {
    method: 'DELETE',
    path: '/admin/variants/full-int8',
    route: '/admin/variants/{name}',
    status: 204,
  },
  {
    method: 'POST',
    path: '/admin/models',
    route: '/admin/models',
    body: { directory: 'incoming/theirs' },
    status: 201,
  },
] as const;

describe('the admin API', () => {
  let admin: FakeAdmin;
  let http: HttpHarness;
  let clock = 0;
  before(async () => {
    admin = new FakeAdmin();
    http = await startHttp({}, { admin: admin.options(), now: () => clock });
    admin.add();
  });
  after(() => http.close());
  beforeEach(() => {
    admin.calls.length = 0;
    // Past every window of failed attempts.
    clock += 1e6;
  });

  const send = (
    method: string,
    path: string,
    { body, headers = BEARER }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Response> =>
    fetch(http.url + path, {
      method,
      headers: body === undefined ? headers : { ...JSON_BODY, ...headers },
      ...(body !== undefined && {
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    });

  describe('with a key', () => {
    for (const row of ROWS) {
      const { method, path } = row;
      const body = 'body' in row ? row.body : undefined;

      it(`${method} ${path} without a key: 401 that says how`, async () => {
        const response = await send(method, path, { body, headers: {} });

        assert.equal(response.status, 401);
        assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="entier admin"');
        assert.equal(response.headers.get('content-type'), 'application/problem+json');
        assert.equal(response.headers.get('cache-control'), 'no-store');
        assert.equal((await problemIn(response)).code, 'unauthenticated');
        assert.deepEqual(admin.calls, []);
      });

      it(`${method} ${path} with another key: 403, and the key is nowhere`, async () => {
        const headers = { authorization: `Bearer ${SECRET}-${ADMIN_KEY}` };
        const response = await send(method, path, { body, headers });

        assert.equal(response.status, 403);
        const text = await response.text();
        assert.match(text, /"code":"forbidden"/);
        assert.ok(!text.includes(SECRET) && !text.includes(ADMIN_KEY));
        assert.deepEqual(admin.calls, []);
      });

      it(`${method} ${path} with the key: ${row.status}, counted under its pattern`, async () => {
        if (method === 'GET') admin.add({ state: 'active', progress: 1 });
        const last = admin.builds().length;
        const asked = path.replace('b1', method === 'GET' ? `b${last}` : 'b1');

        const response = await send(method, asked, { body });
        const text = await response.text();

        assert.equal(response.status, row.status, text);
        assert.equal(response.headers.get('cache-control'), 'no-store');
        assert.ok(response.headers.has('x-request-id'));
        assert.equal(response.headers.get('access-control-allow-origin'), null);
        assert.equal(text === '', row.status === 204);
        const metrics = await (await fetch(`${http.url}/metrics`)).text();
        assert.ok(
          metrics.includes(`{route="${row.route}",variant="none",code="${row.status}"}`),
          metrics.match(/entier_requests_total.*/g)?.join('\n'),
        );
        assert.ok(!metrics.includes('b1"') && !metrics.includes('full-int8'));
      });
    }

    for (const authorization of ['Basic Zm9vOmJhcg==', 'Bearer', ADMIN_KEY, 'Bearer a b']) {
      it(`"${authorization}" is no bearer: 401`, async () => {
        const response = await send('GET', '/admin/builds', { headers: { authorization } });

        assert.equal(response.status, 401);
        assert.match(response.headers.get('www-authenticate')!, /error="invalid_request"/);
        await response.body?.cancel();
      });
    }

    it('takes the name of the scheme in any case', async () => {
      const headers = { authorization: `bEARER  ${ADMIN_KEY}` };
      assert.equal((await send('GET', '/admin/builds', { headers })).status, 200);
    });

    it('does not take the key from the address or from a cookie', async () => {
      const headers = { cookie: `key=${ADMIN_KEY}` };
      const response = await send('GET', `/admin/builds?access_token=${ADMIN_KEY}`, { headers });
      assert.equal(response.status, 401);
      await response.body?.cancel();
    });

    it('listens to no key from an address with ten wrong ones in a minute, then again', async () => {
      const headers = { authorization: 'Bearer wrong-wrong-wrong-wrong' };
      for (let count = 0; count < 10; count += 1) {
        assert.equal((await send('GET', '/admin/builds', { headers })).status, 403);
      }

      const refused = await send('GET', '/admin/builds');
      assert.equal(refused.status, 429);
      assert.equal((await problemIn(refused)).code, 'rate_limited');
      assert.match(refused.headers.get('retry-after')!, /^\d+$/);
      assert.equal((await fetch(`${http.url}/livez`)).status, 200);

      clock += 60_000;
      assert.equal((await send('GET', '/admin/builds')).status, 200);
    });

    it('does not count requests without a key', async () => {
      for (let count = 0; count < 15; count += 1)
        await send('GET', '/admin/builds', { headers: {} });
      assert.equal((await send('GET', '/admin/builds')).status, 200);
    });

    it('logs refusals without the key', async () => {
      const headers = { authorization: `Bearer ${SECRET}${SECRET}` };
      await send('GET', '/admin/builds', { headers });
      const lines = http.logLines.join('');
      assert.match(lines, /"code":"forbidden"/);
      assert.ok(!lines.includes(SECRET) && !lines.includes(ADMIN_KEY));
    });

    it('has nothing for browsers of other origins', async () => {
      const headers = { origin: 'http://elsewhere.test', 'access-control-request-method': 'POST' };
      const response = await send('OPTIONS', '/admin/variants', { headers });

      assert.equal(response.status, 405);
      assert.equal(response.headers.get('access-control-allow-origin'), null);
      await response.body?.cancel();
    });
  });

  describe('what it asks of the gateway', () => {
    it('a build, with its defaults, and tells where it is', async () => {
      const recipe = { layers: [0, 2, 4], ffn: 0.5 };
      const response = await send('POST', '/admin/variants', { body: { parent: 'full', recipe } });

      const build = buildSchema.parse(await response.json());
      assert.deepEqual(admin.calls[0], {
        method: 'requestBuild',
        argument: { parent: 'full', recipe, keep: false, activate: true, name: undefined },
      });
      const { headers, url } = response;
      assert.equal(headers.get('location'), `builds/${build.id}`);
      const where = new URL(headers.get('location')!, url);
      assert.equal((await send('GET', where.pathname)).status, 200);
    });

    for (const path of ['/admin/variants/fit', '/admin/variants/', '/admin/variants/fit/?x=/']) {
      it(`tells from ${path} where the build is`, async () => {
        const body = path.includes('fit')
          ? { tokens: 32, max_ms: 2, min_agreement: 0.9, parent: 'full', keep: true }
          : { parent: 'full', recipe: {} };
        const response = await send('POST', path, { body });

        const where = new URL(response.headers.get('location')!, response.url);
        assert.match(where.pathname, /^\/admin\/builds\/b\d+$/);
        await response.body?.cancel();
      });
    }

    it('a fit, with its defaults', async () => {
      const body = { tokens: 32, max_ms: 2.5, name: 'mine', activate: false };
      await send('POST', '/admin/variants/fit', { body });

      assert.deepEqual(admin.calls[0]?.argument, {
        tokens: 32,
        maxMs: 2.5,
        minAgreement: 0.97,
        parent: undefined,
        name: 'mine',
        keep: false,
        activate: false,
      });
    });

    it('to activate, retire and remove by name, also one that is called fit', async () => {
      await send('POST', '/admin/variants/a.b-c/activate');
      await send('POST', '/admin/variants/a.b-c/retire', { body: {} });
      await send('DELETE', '/admin/variants/fit');

      assert.deepEqual(admin.calls, [
        { method: 'activate', argument: 'a.b-c' },
        { method: 'retire', argument: 'a.b-c' },
        { method: 'remove', argument: 'fit' },
      ]);
    });

    it('to take a model in', async () => {
      const body = { directory: 'incoming/theirs', name: 'theirs' };
      const response = await send('POST', '/admin/models', { body });

      assert.deepEqual(await response.json(), { name: 'theirs' });
      assert.deepEqual(admin.calls[0]?.argument, body);
    });

    it('to cancel a build, once', async () => {
      const { id } = admin.add({ state: 'building' });
      const response = await send('DELETE', `/admin/builds/${id}`);

      assert.equal(buildSchema.parse(await response.json()).state, 'cancelled');
      assert.equal((await send('DELETE', `/admin/builds/${id}`)).status, 409);
    });

    it('shows builds in the words of the wire', async () => {
      const { id } = admin.add({
        kind: 'fit',
        state: 'gate_failed',
        progress: 0.9,
        agreement: 0.42,
        timing: { buildMs: 412.4, gateMs: 801, warmMs: 699.6, totalMs: 1950 },
        peakMemoryBytes: 250_000_000,
        error: {
          code: 'gate_failed',
          detail: 'it agrees too little',
          errors: [{ pointer: '/layers/0', detail: 'there is no layer 9' }],
        },
        front: [{ recipe: { ffn: 0.5 }, ms: 1.5, agreement: 0.9, sizeBytes: 123, fits: false }],
        finishedAt: '2026-11-25T09:00:09.000Z',
      });
      const response = await send('GET', `/admin/builds/${id}`);

      assert.equal(response.headers.get('vary'), 'Accept');
      const build: unknown = await response.json();
      buildSchema.parse(build);
      assert.deepEqual(build, {
        id,
        kind: 'fit',
        name: null,
        parent: 'full',
        recipe: { precision: 'int8' },
        state: 'gate_failed',
        progress: 0.9,
        agreement: 0.42,
        error: {
          code: 'gate_failed',
          detail: 'it agrees too little',
          errors: [{ pointer: '/recipe/layers/0', detail: 'there is no layer 9' }],
        },
        front: [{ recipe: { ffn: 0.5 }, ms: 1.5, agreement: 0.9, size_bytes: 123, fits: false }],
        timing_ms: { build: 412, gate: 801, warm: 700, total: 1950 },
        peak_memory_bytes: 250_000_000,
        requested_at: '2026-11-25T09:00:00.000Z',
        finished_at: '2026-11-25T09:00:09.000Z',
      });
      const list = buildsSchema.parse(await (await send('GET', '/admin/builds')).json());
      assert.ok(list.builds.some((each) => each.id === id));
    });
  });

  describe('what is wrong', () => {
    const build = (fields: object): unknown => ({ parent: 'full', recipe: {}, ...fields });
    const fit = (fields: object): unknown => ({ tokens: 32, max_ms: 2, ...fields });
    for (const [path, body, pointer] of [
      ['/admin/variants', [], ''],
      ['/admin/variants', null, ''],
      ['/admin/variants', {}, '/parent'],
      ['/admin/variants', build({ parent: '../full' }), '/parent'],
      ['/admin/variants', build({ parent: 5 }), '/parent'],
      ['/admin/variants', build({ recipe: undefined }), '/recipe'],
      ['/admin/variants', build({ recipe: [] }), '/recipe'],
      ['/admin/variants', build({ recipe: { precision: 'int3' } }), '/recipe/precision'],
      ['/admin/variants', build({ recipe: { layers: [] } }), '/recipe/layers'],
      ['/admin/variants', build({ recipe: { layers: [-1] } }), '/recipe/layers/0'],
      ['/admin/variants', build({ recipe: { ffn: 0 } }), '/recipe/ffn'],
      ['/admin/variants', build({ recipe: { colour: 1 } }), '/recipe/colour'],
      ['/admin/variants', build({ name: '' }), '/name'],
      ['/admin/variants', build({ name: 'a/b' }), '/name'],
      ['/admin/variants', build({ name: '.hidden' }), '/name'],
      ['/admin/variants', build({ name: 'x'.repeat(65) }), '/name'],
      ['/admin/variants', build({ keep: 'yes' }), '/keep'],
      ['/admin/variants', build({ activate: 1 }), '/activate'],
      ['/admin/variants', build({ colour: SECRET }), '/colour'],
      ['/admin/variants/fit', fit({ tokens: 0 }), '/tokens'],
      ['/admin/variants/fit', fit({ tokens: 513 }), '/tokens'],
      ['/admin/variants/fit', fit({ tokens: 1.5 }), '/tokens'],
      ['/admin/variants/fit', fit({ max_ms: 0 }), '/max_ms'],
      ['/admin/variants/fit', fit({ max_ms: '2' }), '/max_ms'],
      ['/admin/variants/fit', fit({ min_agreement: 1.1 }), '/min_agreement'],
      ['/admin/variants/fit', fit({ recipe: {} }), '/recipe'],
      ['/admin/models', {}, '/directory'],
      ['/admin/models', { directory: 'a', activate: true }, '/activate'],
      ...[
        '',
        '.',
        '..',
        '../a',
        'a/../../b',
        '/etc',
        'a//b',
        'a/',
        '.git',
        'https://example.test/m',
        'file:/etc',
        'C:\\models',
        'a\\b',
        'a\u0000b',
        `${SECRET} x`,
        'x'.repeat(256),
      ].map((directory) => ['/admin/models', { directory }, '/directory'] as const),
      ['/admin/variants/full/activate', { now: true }, '/now'],
      ['/admin/variants/full/retire', [], ''],
    ] as const) {
      it(`POST ${path} ${JSON.stringify(body)}: 422 at "${pointer}"`, async () => {
        const response = await send('POST', path, { body });

        assert.equal(response.status, 422);
        const text = await response.text();
        const problem = JSON.parse(text) as { errors: { pointer: string }[] };
        assert.equal(problem.errors[0]?.pointer, pointer);
        assert.ok(!text.includes(SECRET));
        assert.deepEqual(admin.calls, []);
      });
    }

    for (const [what, body, headers, status] of [
      ['no JSON', '{', {}, 400],
      ['nothing', '', {}, 400],
      ['a form', 'parent=full', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
      ['something compressed', '{}', { 'content-encoding': 'gzip' }, 415],
      ['more than fits', `{"parent":"${'x'.repeat(300_000)}"}`, {}, 413],
    ] as const) {
      it(`a body of ${what}: ${status}`, async () => {
        const response = await send('POST', '/admin/variants', {
          body,
          headers: { ...BEARER, ...headers },
        });

        assert.equal(response.status, status);
        assert.equal(response.headers.get('content-type'), 'application/problem+json');
        await response.body?.cancel();
      });
    }

    it('a form where no body is needed: 415', async () => {
      const response = await send('POST', '/admin/variants/full/activate', {
        body: 'a=b',
        headers: { ...BEARER, 'content-type': 'application/x-www-form-urlencoded' },
      });
      assert.equal(response.status, 415);
      await response.body?.cancel();
    });

    it('a body that is not read does not spoil the next request of its connection', async () => {
      const socket = await http.open();
      const head = `Host: x\r\nAuthorization: Bearer ${ADMIN_KEY}\r\n`;
      socket.write(`GET /admin/builds/b1 HTTP/1.1\r\n${head}Content-Length: 9\r\n\r\nGET / bad`);
      socket.write(`DELETE /admin/variants/x HTTP/1.1\r\n${head}Content-Length: 2\r\n\r\n{}`);
      socket.write(`GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

      const statuses = (await untilClosed(socket)).match(/HTTP\/1\.1 \d+/g);
      assert.deepEqual(statuses, ['HTTP/1.1 200', 'HTTP/1.1 204', 'HTTP/1.1 200']);
    });

    const REFUSALS: readonly (readonly [GatewayError, number])[] = [
      [errors.unknownVariant(['full']), 404],
      [errors.notFound('There is no variant of that name.'), 404],
      [errors.conflict('The name is taken.'), 409],
      [errors.validationFailed([{ pointer: '/recipe/layers/0', detail: 'none' }]), 422],
      [errors.buildQueueFull(8, 2000), 429],
      [errors.draining(1000), 503],
      [errors.storageFull(), 507],
    ];
    for (const [failure, status] of REFUSALS) {
      for (const { method, path, body } of [
        { method: 'POST', path: '/admin/variants', body: build({}) },
        { method: 'POST', path: '/admin/variants/full/activate', body: undefined },
        { method: 'DELETE', path: '/admin/variants/full', body: undefined },
        { method: 'POST', path: '/admin/models', body: { directory: 'a' } },
      ]) {
        it(`${failure.code} of the gateway at ${method} ${path}: ${status}`, async () => {
          admin.failure = failure;
          const response = await send(method, path, { body });

          assert.equal(response.status, status);
          const problem = await problemIn(response);
          assert.equal(problem.code, failure.code);
          assert.equal(problem.request_id, response.headers.get('x-request-id'));
          assert.equal(response.headers.has('retry-after'), status === 429 || status === 503);
          assert.equal(response.headers.get('location'), null);
        });
      }
    }

    for (const path of [
      '/admin/builds/none',
      '/admin/builds/none/events',
      '/admin/builds/..%2F..%2Fetc',
      '/admin/builds/%00',
      `/admin/builds/${'x'.repeat(65)}`,
      '/admin',
      '/admin/nothing',
      '/admin/builds/b1/x',
    ]) {
      it(`GET ${path}: 404`, async () => {
        const response = await send('GET', path);
        assert.equal(response.status, 404);
        assert.equal((await problemIn(response)).code, 'not_found');
      });
    }

    for (const name of ['..%2Ffull', '%2e%2e%2ffull', '.x', 'a%20b', `${SECRET}%2F`]) {
      it(`a variant of the name ${name} is not asked for`, async () => {
        const responses = [
          await send('DELETE', `/admin/variants/${name}`),
          await send('POST', `/admin/variants/${name}/activate`),
          await send('POST', `/admin/variants/${name}/retire`),
        ];
        for (const response of responses) {
          assert.equal(response.status, 404);
          assert.ok(!(await response.text()).includes(SECRET));
        }
        assert.deepEqual(admin.calls, []);
      });
    }

    it('a path that decodes to nothing: 400 as a problem, counted', async () => {
      const response = await send('GET', `/admin/builds/%E0%A4${SECRET}`);
      assert.equal(response.status, 400);
      const text = await response.text();
      assert.match(text, /"code":"invalid_request"/);
      assert.ok(!text.includes(SECRET));
      const metrics = await (await fetch(`${http.url}/metrics`)).text();
      assert.match(metrics, /route="unmatched",variant="none",code="400"/);
    });

    for (const [method, path, allow] of [
      ['GET', '/admin/variants', 'POST'],
      ['HEAD', '/admin/variants', 'POST'],
      ['PUT', '/admin/variants/fit', 'POST'],
      ['GET', '/admin/variants/full', 'DELETE'],
      ['PATCH', '/admin/builds/b1', 'GET, HEAD, DELETE'],
      ['POST', '/admin/builds', 'GET, HEAD'],
      ['DELETE', '/admin/builds/b1/events', 'GET, HEAD'],
      ['GET', '/admin/variants/full/activate', 'POST'],
      ['DELETE', '/admin/models', 'POST'],
    ] as const) {
      it(`${method} ${path}: 405 that allows ${allow}`, async () => {
        const response = await send(method, path);
        assert.equal(response.status, 405);
        assert.equal(response.headers.get('allow'), allow);
        await response.body?.cancel();
      });
    }

    for (const path of ['/admin/builds', '/admin/builds/b1', '/admin/builds/b1/events']) {
      it(`HEAD ${path}: the headers alone`, async () => {
        const response = await send('HEAD', path);
        assert.equal(response.status, 200);
        assert.equal(await response.text(), '');
      });
    }
  });

  it('makes nothing any more while it closes', async () => {
    const other = await startHttp({}, { admin: admin.options() });
    let drained: Promise<boolean> | undefined;
    other.server.prependOnceListener('request', () => {
      drained = other.drain(10_000);
    });
    const socket = await other.open();
    const head = `Host: x\r\nAuthorization: Bearer ${ADMIN_KEY}\r\nContent-Type: application/json\r\n`;
    socket.write(`POST /admin/variants HTTP/1.1\r\n${head}Content-Length: 2\r\n\r\n{}`);

    assert.match(await untilClosed(socket), /^HTTP\/1\.1 503 [^]*"code":"draining"/);
    assert.equal(await drained, true);
  });
});

describe('without a key', () => {
  let http: HttpHarness;
  before(async () => {
    http = await startHttp();
  });
  after(() => http.close());

  for (const path of ['/admin', '/admin/builds', '/admin/variants?x', '/ADMIN/models']) {
    it(`there is nothing at ${path}, and the answer says why`, async () => {
      const response = await fetch(http.url + path, { method: 'POST', headers: BEARER });
      assert.equal(response.status, 404);
      const { code, detail } = await problemIn(response);
      assert.equal(code, 'not_found');
      assert.match(detail, /ENTIER_ADMIN_KEY/);
    });
  }

  it('another path says nothing of it', async () => {
    const { detail } = await problemIn(await fetch(`${http.url}/administrator`));
    assert.doesNotMatch(detail, /ADMIN/);
  });
});
