import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { errors } from '../../../src/errors.js';
import { nerAnswerSchema } from '../../../src/http/ner-answer.js';
import { resultFor } from '../../support/fake-gateway.js';
import { problemIn, startHttp, type HttpHarness } from '../../support/http-harness.js';

describe('POST /ner', () => {
  let http: HttpHarness;
  before(async () => {
    http = await startHttp();
  });
  after(() => http.close());
  afterEach(() => {
    http.gateway.answer = resultFor;
    http.gateway.requests.length = 0;
    http.logLines.length = 0;
  });

  it('answers one text with one object', async () => {
    const response = await http.post({ text: 'Merkel slept.' });

    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.equal(response.headers.get('x-variant'), 'full');
    assert.equal(
      response.headers.get('server-timing'),
      'tokenize;dur=0.123, queue;dur=1, inference;dur=4, total;dur=5.5',
    );
    assert.match(response.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(response.headers.get('x-powered-by'), null);
    assert.equal(response.headers.get('etag'), null);
    assert.deepEqual(await response.json(), {
      entities: [{ label: 'PER', text: 'Merkel', start: 0, end: 6, score: 0.987654 }],
      variant: 'full',
      decision: 'best_fit',
      experiment: null,
      budget: { requested_ms: 200, met: true },
      truncated: false,
      cached: false,
      timing_ms: { tokenize: 0.123, queue: 1, inference: 4, total: 5.5 },
      offset_unit: 'codepoint',
    });
  });

  it('is the same at /v1/ner', async () => {
    const response = await fetch(`${http.url}/v1/ner`, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: '{"text":""}',
    });

    assert.equal(response.status, 200);
    assert.deepEqual(((await response.json()) as { entities: unknown[] }).entities, []);
  });

  it('hands every field on to the gateway', async () => {
    await http.post(
      {
        texts: ['A', 'B'],
        latency_budget_ms: 12.5,
        on_miss: 'reject',
        criticality: 'critical',
        min_f1: 0.5,
        variant: 'full',
        experiment_key: 'user-42',
        labels: ['PER'],
        threshold: 0.25,
        aggregation: 'first',
        offset_unit: 'utf8',
        overflow: 'error',
      },
      { 'cache-control': 'max-age=0, no-cache', 'x-request-id': 'abc.1' },
    );

    const { signal, arrivalAt, ...request } = http.gateway.requests[0]!;
    assert.equal(signal.aborted, false);
    assert.ok(arrivalAt <= performance.now());
    assert.deepEqual(request, {
      requestId: 'abc.1',
      texts: ['A', 'B'],
      batched: true,
      budgetMs: 12.5,
      tier: 'custom',
      onMiss: 'reject',
      cascade: undefined,
      criticality: 'critical',
      minF1: 0.5,
      variant: 'full',
      experimentKey: 'user-42',
      labels: ['PER'],
      threshold: 0.25,
      aggregation: 'first',
      offsetUnit: 'utf8',
      overflow: 'error',
      noCache: true,
    });
  });

  it('hands a cascade on with its threshold, and shows what became of it', async () => {
    http.gateway.answer = (text) => ({
      ...resultFor(text),
      decision: 'confident',
      cascade: {
        outcome: 'improved',
        stages: [
          { variant: 'small', errorProbability: 0.31234567 },
          { variant: 'full', errorProbability: null },
        ],
      },
    });

    const response = await http.post({ text: 'Merkel slept.', policy: 'cascade' });
    await http.post({ text: 'A', policy: 'cascade', max_error_probability: 0.05 });

    const answer: unknown = await response.json();
    assert.doesNotThrow(() => nerAnswerSchema.parse(answer));
    const { cascade, decision } = answer as { cascade: unknown; decision: string };
    assert.equal(decision, 'confident');
    assert.deepEqual(cascade, {
      outcome: 'improved',
      stages: [
        { variant: 'small', error_probability: 0.312346 },
        { variant: 'full', error_probability: null },
      ],
    });
    assert.deepEqual(
      http.gateway.requests.map((request) => request.cascade),
      [{ maxErrorProbability: 0.1 }, { maxErrorProbability: 0.05 }],
    );
  });

  it('refuses a cascade that nothing could come of', async () => {
    for (const [body, pointer] of [
      [{ policy: 'cascade', variant: 'full' }, '/policy'],
      [{ policy: 'cheap' }, '/policy'],
      [{ max_error_probability: 0.1 }, '/max_error_probability'],
      [{ policy: 'best', max_error_probability: 0.1 }, '/max_error_probability'],
      [{ policy: 'cascade', max_error_probability: 2 }, '/max_error_probability'],
    ] as const) {
      const response = await http.post({ text: 'A', ...body });

      assert.equal(response.status, 422, JSON.stringify(body));
      assert.equal((await problemIn(response)).errors?.[0]?.pointer, pointer);
    }
  });

  it('fills in the defaults', async () => {
    await http.post({ text: 'A' });

    const { budgetMs, tier, onMiss, threshold, aggregation, offsetUnit, overflow, noCache } =
      http.gateway.requests[0]!;
    assert.deepEqual(
      { budgetMs, tier, onMiss, threshold, aggregation, offsetUnit, overflow, noCache },
      {
        budgetMs: 200,
        tier: 'standard',
        onMiss: 'degrade',
        threshold: 0,
        aggregation: 'viterbi',
        offsetUnit: 'codepoint',
        overflow: 'chunk',
        noCache: false,
      },
    );
  });

  const budgets = [
    { what: 'a tier', body: { tier: 'interactive' }, budgetMs: 50, tier: 'interactive' },
    { what: 'the header', header: '7.5', body: {}, budgetMs: 7.5, tier: 'custom' },
    {
      what: 'a tier before the header',
      header: '7',
      body: { tier: 'batch' },
      budgetMs: 2000,
      tier: 'batch',
    },
    {
      what: 'the body before the header',
      header: '7',
      body: { latency_budget_ms: 9 },
      budgetMs: 9,
      tier: 'custom',
    },
  ];
  for (const { what, header, body, budgetMs, tier } of budgets) {
    it(`takes the budget from ${what}`, async () => {
      await http.post(
        { text: 'A', ...body },
        header === undefined ? {} : { 'x-latency-budget-ms': header },
      );

      const request = http.gateway.requests[0]!;
      assert.deepEqual([request.budgetMs, request.tier], [budgetMs, tier]);
    });
  }

  it('replaces a request id that might harm a log line', async () => {
    const response = await http.post({ text: 'A' }, { 'x-request-id': 'a b{}' });

    assert.match(response.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    await response.body?.cancel();
  });

  it('lets one of several texts fail alone', async () => {
    http.gateway.answer = (text) =>
      text === 'long'
        ? errors.validationFailed([{ pointer: '/texts/1', detail: 'is too long' }])
        : resultFor(text);

    const response = await http.post({ texts: ['Merkel', 'long', 'Obama'], offset_unit: 'utf16' });

    assert.equal(response.status, 200);
    const body = (await response.json()) as {
      results: Record<string, unknown>[];
      offset_unit: string;
    };
    assert.equal(body.offset_unit, 'utf16');
    assert.deepEqual(
      body.results.map((result) => ('error' in result ? result['error'] : result['variant'])),
      [
        'full',
        {
          type: 'urn:entier:problem:validation_failed',
          title: 'A field is wrong',
          status: 422,
          detail: '/texts/1: is too long',
          code: 'validation_failed',
          errors: [{ pointer: '/texts/1', detail: 'is too long' }],
        },
        'full',
      ],
    );
    assert.ok(nerAnswerSchema.safeParse(body).success, 'the answer is as documented');
  });

  it('names each variant that answered', async () => {
    http.gateway.answer = (text) => ({ ...resultFor(text), variant: text });

    const response = await http.post({ texts: ['b', 'a', 'b'] });

    assert.equal(response.headers.get('x-variant'), 'b, a');
    await response.body?.cancel();
    assert.match(
      await http.metrics.render(),
      /entier_requests_total\{route="\/ner",variant="several",code="200"\} 1/,
    );
  });

  const failures = [
    { error: errors.budgetUnreachable(12.3, 1000), status: 503, retry: true },
    { error: errors.overloaded(1000), status: 503, retry: true },
    { error: errors.notReady(1000), status: 503, retry: true },
    { error: errors.draining(1000), status: 503, retry: true },
    { error: errors.deadlineExceeded(30_000), status: 504, retry: false },
    { error: errors.inferenceFailed(new Error('at /srv/models')), status: 500, retry: false },
  ];
  for (const { error, status, retry } of failures) {
    it(`answers ${error.code} with ${status}`, async () => {
      http.gateway.answer = () => error;

      const response = await http.post({ text: 'Zanzibar' });

      assert.equal(response.status, status);
      const after = Number(response.headers.get('retry-after'));
      assert.ok(retry ? after >= 1 && after <= 2 : after === 0, `Retry-After: ${after}`);
      const raw = await response.text();
      assert.equal((JSON.parse(raw) as { code: string }).code, error.code);
      assert.ok(!raw.includes('/srv'), 'the cause stays inside');
      const line = JSON.parse(http.logLines.at(-1)!) as Record<string, unknown>;
      assert.equal(line['level'], status === 500 ? 'error' : 'info');
      assert.ok(!http.logLines.join('').includes('Zanzibar'));
    });
  }

  it('answers a bug with 500, its stack in the log and not in the answer', async () => {
    http.gateway.answer = () => {
      throw new TypeError('x is undefined; this is a bug');
    };

    const response = await http.post({ text: 'Zanzibar' }, { 'x-request-id': 'the-one' });

    const problem = await problemIn(response);
    assert.equal(response.status, 500);
    assert.equal(problem.code, 'internal');
    assert.ok(!JSON.stringify(problem).includes('undefined'));
    const line = JSON.parse(http.logLines.at(-1)!) as { requestId: string; err: { stack: string } };
    assert.equal(line.requestId, 'the-one');
    assert.match(line.err.stack, /TypeError: x is undefined/);
  });

  it('aborts the work of a caller who hangs up', async () => {
    let aborted: Promise<unknown> | undefined;
    const reached = new Promise<void>((resolve) => {
      http.gateway.answer = async (_text, { signal }) => {
        aborted = once(signal, 'abort');
        resolve();
        await aborted;
        throw signal.reason as Error;
      };
    });
    const call = httpRequest(`${http.url}/ner`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    call.on('error', () => undefined);
    call.end('{"text":"Zanzibar"}');
    await reached;

    call.destroy();
    await aborted;
    await new Promise((resolve) => setImmediate(resolve));

    assert.match(
      await http.metrics.render(),
      /entier_requests_total\{route="\/ner",variant="none",code="499"\} 1/,
    );
    assert.deepEqual(http.logLines, []);
  });

  it('counts each answer once, by route, variant and code', async () => {
    const fresh = await startHttp();
    const statuses = [];
    for (const body of [{ text: 'A' }, { text: 'B' }, { text: 1 }]) {
      const response = await fresh.post(body);
      statuses.push(response.status);
      await response.body?.cancel();
    }
    const text = await fresh.metrics.render();
    await fresh.close();

    assert.deepEqual(statuses, [200, 200, 422]);
    assert.match(text, /entier_requests_total\{route="\/ner",variant="full",code="200"\} 2/);
    assert.match(text, /entier_requests_total\{route="\/ner",variant="none",code="422"\} 1/);
    assert.match(text, /entier_request_duration_seconds_count\{variant="full",tier="standard"\} 2/);
  });

  it('ends a kept connection with its answer once the server is closing', async () => {
    const closing = await startHttp();
    const agent = new Agent({ keepAlive: true });
    let finish: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      closing.gateway.answer = (text) =>
        new Promise((answer) => {
          finish = () => answer(resultFor(text));
          resolve();
        });
    });
    const call = httpRequest(`${closing.url}/ner`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
    });
    const answered = once(call, 'response');
    call.end('{"text":"Merkel"}');
    await reached;

    const closed = new Promise((resolve) => closing.server.close(resolve));
    finish();
    const [response] = (await answered) as [IncomingMessage];
    response.resume();

    assert.equal(response.statusCode, 200);
    assert.equal(response.headers.connection, 'close');
    await closed;
    agent.destroy();
  });
});
