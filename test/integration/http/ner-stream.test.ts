import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { errors } from '../../../src/errors.js';
import { resultFor } from '../../support/fake-gateway.js';
import { problemIn, startHttp, type HttpHarness } from '../../support/http-harness.js';
import type { NerOutcome } from '../../../src/gateway/ner-request.js';

interface AnswerLine {
  readonly index?: number;
  readonly entities?: readonly { text: string }[];
  readonly variant?: string;
  readonly offset_unit?: string;
  readonly budget?: { requested_ms: number };
  readonly error?: { code: string; detail: string; errors?: readonly { pointer: string }[] };
}

const LIMIT = 262_144;
const NDJSON = { 'content-type': 'application/x-ndjson' };

/** A client that sends and reads at will. */
class Stream {
  readonly call: ClientRequest;
  response: IncomingMessage | undefined;
  #lines: AsyncIterator<string> | undefined;

  private constructor(call: ClientRequest) {
    this.call = call;
    call.on('error', () => undefined);
  }

  static async open(
    url: string,
    query = '',
    headers: Record<string, string> = {},
  ): Promise<Stream> {
    const call = httpRequest(`${url}/ner/stream${query}`, {
      method: 'POST',
      agent: false,
      headers: { ...NDJSON, ...headers },
    });
    const stream = new Stream(call);
    call.flushHeaders();
    [stream.response] = (await once(call, 'response')) as [IncomingMessage];
    return stream;
  }

  send(...lines: unknown[]): void {
    this.call.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  async next(): Promise<AnswerLine | undefined> {
    this.#lines ??= createInterface({ input: this.response! })[Symbol.asyncIterator]();
    const next = await this.#lines.next();
    return next.done ? undefined : (JSON.parse(next.value) as AnswerLine);
  }

  async rest(): Promise<AnswerLine[]> {
    const lines = [];
    for (let line; (line = await this.next()) !== undefined;) lines.push(line);
    return lines;
  }
}

let http: HttpHarness;
before(async () => {
  http = await startHttp();
});
afterEach(() => {
  http.gateway.answer = resultFor;
});
after(() => http.close());

const post = (body: string | Uint8Array, query = '', headers: Record<string, string> = {}) =>
  fetch(`${http.url}/ner/stream${query}`, {
    method: 'POST',
    headers: { ...NDJSON, ...headers },
    body,
  });
const linesIn = async (response: Response): Promise<AnswerLine[]> => {
  assert.equal(response.status, 200);
  const text = await response.text();
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AnswerLine);
};
const codes = (lines: readonly AnswerLine[]) =>
  lines.map(({ index, error }) => [index, error?.code]);
/** Answers that wait until they are let go, so that tests decide the order. */
function held(): { readonly texts: string[]; release: (text: string) => void } {
  const waiting = new Map<string, (outcome: NerOutcome) => void>();
  const texts: string[] = [];
  http.gateway.answer = (text) =>
    new Promise((resolve) => {
      texts.push(text);
      waiting.set(text, resolve);
    });
  return { texts, release: (text) => waiting.get(text)!(resultFor(text)) };
}
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
function liveBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

describe('POST /ner/stream', () => {
  it('answers a client that sends all first, a line a document, in order', async () => {
    const response = await post('"Angela"\n{"text": "met Bob"}\r\n\n  \n"last one"');

    assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
    const lines = await linesIn(response);
    assert.deepEqual(
      lines.map(({ index, entities }) => [index, entities!.map(({ text }) => text)]),
      [
        [0, ['Angela']],
        [1, ['Bob']],
        [2, []],
      ],
    );
    assert.equal(lines[0]!.variant, 'full');
    assert.equal(lines[0]!.offset_unit, 'codepoint');
  });

  it('answers nothing to nothing', async () => {
    assert.deepEqual(await linesIn(await post('')), []);
  });

  it('answers each line before the next one is sent', async () => {
    const stream = await Stream.open(http.url);
    for (const [index, text] of ['Angela', 'Bob', 'Cleo'].entries()) {
      stream.send(text);
      const line = await stream.next();
      assert.deepEqual([line!.index, line!.entities![0]!.text], [index, text]);
    }
    stream.call.end();

    assert.equal(await stream.next(), undefined);
  });

  it('keeps the order of the lines whatever the order of the answers', async () => {
    const { texts, release } = held();
    const stream = await Stream.open(http.url);
    stream.send('A', 'B', 'C');
    stream.call.end();
    await until(() => texts.length === 3);
    for (const text of ['C', 'B', 'A']) release(text);

    assert.deepEqual(
      (await stream.rest()).map(({ index }) => index),
      [0, 1, 2],
    );
  });

  it('takes options from query, header and line; the line counts most', async () => {
    const query =
      '?tier=batch&labels=PER,ORG&labels=LOC&threshold=0.5&on_miss=reject&offset_unit=utf8&variant=full';
    const from = http.gateway.requests.length;
    const lines = await linesIn(
      await post(
        '"a"\n{"text":"b","latency_budget_ms":7}\n{"text":"c","tier":"realtime","threshold":0.25}\n',
        query,
        { 'cache-control': 'no-cache' },
      ),
    );

    const asked = http.gateway.requests.slice(from);
    assert.deepEqual(
      asked.map(({ budgetMs, tier, threshold }) => [budgetMs, tier, threshold]),
      [
        [2000, 'batch', 0.5],
        [7, 'custom', 0.5],
        [10, 'realtime', 0.25],
      ],
    );
    for (const request of asked) {
      assert.deepEqual(request.labels, ['PER', 'ORG', 'LOC']);
      assert.deepEqual([request.onMiss, request.variant], ['reject', 'full']);
      assert.equal(request.noCache, true);
    }
    assert.equal(lines[1]!.budget!.requested_ms, 7);
    assert.equal(lines[1]!.offset_unit, 'utf8');
    // Without a key each document is a unit of its own for experiments.
    assert.equal(new Set(asked.map(({ requestId }) => requestId)).size, 3);
  });

  it('leaves the choice to the router with variant=auto, as without', async () => {
    await linesIn(await post('"a"\n', '?variant=auto'));

    assert.equal(http.gateway.requests.at(-1)!.variant, undefined);
  });

  it('honours the budget header where nothing else names a budget', async () => {
    await linesIn(await post('"a"\n', '', { 'x-latency-budget-ms': '33' }));

    assert.equal(http.gateway.requests.at(-1)!.budgetMs, 33);
  });

  it('counts the budget of a line from when it came', async () => {
    const stream = await Stream.open(http.url);
    stream.send('first');
    await stream.next();
    const sentAt = performance.now();
    stream.send('second');
    stream.call.end();
    await stream.rest();

    assert.ok(http.gateway.requests.at(-1)!.arrivalAt >= sentAt);
  });

  it('answers a bad line with an error and goes on', async () => {
    http.gateway.answer = (text) => (text === 'late' ? errors.overloaded(100) : resultFor(text));
    const long = JSON.stringify('x'.repeat(LIMIT));
    const bad = [
      '"ok"',
      'no json',
      '5',
      '["a"]',
      '{"texts":["a"]}',
      '{"text":1}',
      '{"text":"a","colour":1}',
      '{"text":"a","tier":"batch","latency_budget_ms":5}',
      long,
      '{"text":"\\ud800"}',
      '{"text":"a","variant":"none"}',
      '"late"',
      '"ok"',
    ];
    const lines = await linesIn(await post(`${bad.join('\n')}\n`));

    assert.deepEqual(codes(lines), [
      [0, undefined],
      [1, 'invalid_request'],
      [2, 'validation_failed'],
      [3, 'validation_failed'],
      [4, 'validation_failed'],
      [5, 'validation_failed'],
      [6, 'validation_failed'],
      [7, 'validation_failed'],
      [8, 'payload_too_large'],
      [9, 'validation_failed'],
      [10, 'unknown_variant'],
      [11, 'overloaded'],
      [12, undefined],
    ]);
    assert.equal(lines[6]!.error!.errors![0]!.pointer, '/colour');
    assert.equal(lines[8]!.error!.detail, `The line is larger than ${LIMIT} bytes.`);
  });

  it('takes a line up to the limit, and no UTF-8 as a bad line', async () => {
    const fits = JSON.stringify('x'.repeat(LIMIT - 2));
    const body = Buffer.concat([Buffer.from(`${fits}\n`), Buffer.from([0x22, 0xff, 0x22, 0x0a])]);
    const lines = await linesIn(await post(body));

    assert.deepEqual(codes(lines), [
      [0, undefined],
      [1, 'invalid_request'],
    ]);
  });

  it('holds no more than 32 documents at a time', async () => {
    const { texts, release } = held();
    const stream = await Stream.open(http.url);
    stream.send(...Array.from({ length: 100 }, (_, index) => `Text${index}`));
    stream.call.end();
    await until(() => texts.length === 32);
    await sleep(50);
    assert.equal(texts.length, 32);
    // The first answer to be written makes room, not any.
    release('Text5');
    await sleep(20);
    assert.equal(texts.length, 32);
    release('Text0');
    await until(() => texts.length === 33);

    http.gateway.answer = resultFor;
    for (const text of texts) release(text);
    assert.equal((await stream.rest()).length, 100);
  });

  it('stops reading while the client does not read, and goes on when it does', async () => {
    const text = `Angela ${'x'.repeat(60_000)}`;
    // Answers that are large too, so that they fill what lies between.
    http.gateway.answer = () => {
      const result = resultFor('Angela');
      return { ...result, entities: [{ ...result.entities[0]!, text }] };
    };
    const stream = await Stream.open(http.url);
    const total = 700;
    let written = 0;
    const from = http.gateway.requests.length;
    const writing = (async () => {
      for (; written < total; written += 1) {
        if (!stream.call.write(`${JSON.stringify(text)}\n`)) await once(stream.call, 'drain');
      }
      stream.call.end();
    })();
    // 42 MB of answers: the buffers of both sides take some, and then nothing moves.
    for (let before = -1; before !== http.gateway.requests.length;) {
      before = http.gateway.requests.length;
      await sleep(300);
    }
    const taken = http.gateway.requests.length - from;
    assert.ok(taken > 0 && taken < total, `${taken} were taken up`);
    assert.ok(written < total);

    const lines = await stream.rest();
    await writing;
    assert.equal(lines.length, total);
    assert.equal(lines.at(-1)!.index, total - 1);
  });

  it('keeps its memory over a long stream', async () => {
    const stream = await Stream.open(http.url);
    const batch = `${JSON.stringify({ text: 'Angela met Bob in Paris. '.repeat(10) })}\n`.repeat(
      100,
    );
    const batches = 200;
    const reading = (async () => {
      let bytes = 0;
      for await (const chunk of stream.response!) bytes += (chunk as Buffer).length;
      return bytes;
    })();
    let early = 0;
    let late = 0;
    for (let sent = 1; sent <= batches; sent += 1) {
      if (!stream.call.write(batch)) await once(stream.call, 'drain');
      // The fake keeps the requests for assertions; a stream must not.
      http.gateway.requests.length = 0;
      if (sent === 50) early = liveBytes();
      if (sent === batches) late = liveBytes();
    }
    stream.call.end();
    const bytes = await reading;

    assert.ok(bytes > batches * 100 * 200, `${bytes} bytes of answers`);
    // 15,000 documents and their answers, kept, would be over 9 MB.
    assert.ok(late - early < 4e6, `${late - early} bytes more`);
  });

  it('drops what is under way when the client hangs up', async () => {
    let signal: AbortSignal | undefined;
    http.gateway.answer = (_, request) =>
      new Promise((_resolve, reject) => {
        signal = request.signal;
        request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
      });
    const stream = await Stream.open(http.url);
    stream.send('a', 'b');
    await until(() => signal !== undefined);
    const from = http.gateway.requests.length;
    stream.send('c', 'd');
    stream.call.destroy();
    await until(() => signal!.aborted);
    await sleep(20);

    assert.ok(http.gateway.requests.length <= from + 2);
    assert.match(
      await http.metrics.render(),
      /entier_requests_total\{route="\/ner\/stream",variant="\w+",code="499"\} 1/,
    );
    assert.deepEqual(
      http.logLines.filter((line) => line.includes('"level":50')),
      [],
    );
  });

  it('survives clients that are cut off anywhere', async () => {
    for (const part of ['', '"a"', '"a"\n', '"a"\n"b', `"${'x'.repeat(70_000)}`]) {
      const stream = await Stream.open(http.url);
      stream.call.write(part || ' ');
      await sleep(5);
      stream.call.destroy();
    }

    assert.equal((await linesIn(await post('"Angela"\n'))).length, 1);
  });

  it('ends with an error of its own where a bug comes up, and logs it', async () => {
    http.gateway.answer = (text) => {
      if (text === 'bug') throw new TypeError('secret of the bug');
      return resultFor(text);
    };
    const lines = await linesIn(await post('"a"\n"bug"\n"c"\n'));

    assert.deepEqual(codes(lines).slice(0, 1), [[0, undefined]]);
    assert.deepEqual(codes(lines).at(-1), [undefined, 'internal']);
    assert.ok(!JSON.stringify(lines).includes('secret'));
    await until(() => http.logLines.some((line) => line.includes('secret of the bug')));
  });

  for (const [what, query, headers, status, code] of [
    [
      'another media type',
      '',
      { 'content-type': 'application/json' },
      415,
      'unsupported_media_type',
    ],
    ['a compressed body', '', { 'content-encoding': 'gzip' }, 415, 'unsupported_media_type'],
    ['an unknown option', '?colour=red', {}, 422, 'validation_failed'],
    ['an option twice', '?tier=batch&tier=batch', {}, 422, 'validation_failed'],
    ['a text in the query', '?text=a', {}, 422, 'validation_failed'],
    ['a bad number', '?threshold=lots', {}, 422, 'validation_failed'],
    ['a bad budget header', '', { 'x-latency-budget-ms': '-1' }, 422, 'validation_failed'],
    ['an unknown variant', '?variant=none', {}, 404, 'unknown_variant'],
  ] as const) {
    it(`refuses ${what} before the stream begins`, async () => {
      const response = await post('"a"\n', query, headers);
      const problem = await problemIn(response);

      assert.equal(response.status, status);
      assert.equal(response.headers.get('content-type'), 'application/problem+json');
      assert.equal(problem.code, code);
    });
  }

  it('refuses while nothing serves', async () => {
    const facts = http.gateway.facts;
    http.gateway.facts = { ...facts, ready: false };
    const response = await post('"a"\n');
    http.gateway.facts = facts;

    assert.equal(response.status, 503);
    assert.equal((await problemIn(response)).code, 'not_ready');
  });

  it('counts documents, and the stream once', async () => {
    const fresh = await startHttp();
    const response = await fetch(`${fresh.url}/ner/stream`, {
      method: 'POST',
      headers: NDJSON,
      body: '"A"\n"B"\nbad\n',
    });
    await response.text();
    const text = await fresh.metrics.render();
    await fresh.close();

    assert.match(text, /entier_stream_documents_total\{result="answered"\} 2/);
    assert.match(text, /entier_stream_documents_total\{result="failed"\} 1/);
    assert.match(
      text,
      /entier_requests_total\{route="\/ner\/stream",variant="full",code="200"\} 1/,
    );
    assert.match(text, /entier_request_duration_seconds_count\{variant="full",tier="standard"\} 2/);
  });
});

describe('a stream', () => {
  it('may last longer than other requests', async () => {
    const hasty = await startHttp({ headersMs: 60, requestMs: 60, checkEveryMs: 10 });
    const stream = await Stream.open(hasty.url);
    for (let index = 0; index < 5; index += 1) {
      await sleep(50);
      stream.send('Angela');
      assert.equal((await stream.next())!.index, index);
    }
    stream.call.end();

    assert.equal(await stream.next(), undefined);
    await hasty.close();
  });

  it('is refused where as many are open as may be, until one of them ends', async () => {
    const few = await startHttp({}, { settings: { limits: { maxStreams: 2 } } });
    const openStreams = async (): Promise<string | undefined> =>
      /^entier_open_streams (\d+)$/m.exec(await few.metrics.render())?.[1];
    const [first, second] = [await Stream.open(few.url), await Stream.open(few.url)];
    const more = (): Promise<Response> =>
      fetch(`${few.url}/ner/stream`, { method: 'POST', headers: NDJSON, body: '"Angela"\n' });

    const refused = await more();

    assert.equal(refused.status, 503);
    const { code, limit, detail } = await problemIn(refused);
    assert.deepEqual([code, limit], ['overloaded', 2]);
    assert.match(detail, /^2 streams of documents are open already/);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    assert.equal(await openStreams(), '2');
    second.send('Angela');
    assert.equal((await second.next())!.index, 0);
    // One ends as it should, the other client goes.
    first.call.end();
    await first.rest();
    while ((await openStreams()) !== '1') await sleep(5);
    assert.deepEqual(codes(await linesIn(await more())), [[0, undefined]]);
    second.call.destroy();
    while ((await openStreams()) !== '0') await sleep(5);
    await few.close();
  });

  it('ends with an error line when nothing comes for long', async () => {
    const impatient = await startHttp({}, { streamIdleMs: 80 });
    const stream = await Stream.open(impatient.url);
    stream.send('Angela');
    const lines = await stream.rest();
    await impatient.close();

    assert.deepEqual(codes(lines), [
      [0, undefined],
      [undefined, 'invalid_request'],
    ]);
  });

  it('is not taken for idle while the gateway works', async () => {
    const impatient = await startHttp({}, { streamIdleMs: 40 });
    impatient.gateway.answer = async (text) => {
      await sleep(250);
      return resultFor(text);
    };
    const stream = await Stream.open(impatient.url);
    stream.send('Angela');
    stream.call.end();
    const lines = await stream.rest();
    await impatient.close();

    assert.deepEqual(codes(lines), [[0, undefined]]);
  });

  it('is cut off where the client reads nothing for long', async () => {
    const impatient = await startHttp({}, { streamIdleMs: 300 });
    impatient.gateway.answer = () => {
      const result = resultFor('Angela');
      return { ...result, entities: [{ ...result.entities[0]!, text: 'x'.repeat(1_000_000) }] };
    };
    const stream = await Stream.open(impatient.url);
    for (let count = 0; count < 100; count += 1) stream.send('Angela');
    // The client cannot see it, since it does not read.
    const connections = promisify(impatient.server.getConnections.bind(impatient.server));
    while ((await connections()) > 0) await sleep(20);

    stream.call.destroy();
    await impatient.close();
  });

  it('ends with its answers and an error line when the server closes', async () => {
    const closing = await startHttp();
    let finish: () => void = () => undefined;
    closing.gateway.answer = (text) =>
      text === 'quick'
        ? resultFor(text)
        : new Promise((resolve) => (finish = () => resolve(resultFor(text))));
    const idle = await Stream.open(closing.url);
    const busy = await Stream.open(closing.url);
    busy.send('quick', 'Slow');
    await busy.next();
    await until(() => closing.gateway.requests.length === 2);

    const drained = closing.drain(30_000);
    busy.call.write('"too late"\n');
    setTimeout(() => finish(), 20);

    assert.deepEqual(codes(await idle.rest()), [[undefined, 'draining']]);
    assert.deepEqual(codes(await busy.rest()), [
      [1, undefined],
      [undefined, 'draining'],
    ]);
    assert.equal(await drained, true);
  });
});
