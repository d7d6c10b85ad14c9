import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { buildSchema } from '../../../src/http/admin-schema.js';
import { ADMIN_KEY, FakeAdmin } from '../../support/fake-admin.js';
import { problemIn, startHttp, untilClosed, type HttpHarness } from '../../support/http-harness.js';

const AUTHORIZATION = `Bearer ${ADMIN_KEY}`;
const FINISHED = '2026-11-25T09:00:09.000Z';

interface Event {
  readonly id: string;
  readonly event: string;
  readonly state: string;
  readonly progress: number;
}

/** Reads a stream of server-sent events; comments are kept apart. */
class EventReader {
  readonly comments: string[] = [];
  readonly events: Event[] = [];
  #rest = '';
  #wake = (): void => undefined;
  #over = false;

  constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#add(chunk));
    response.on('error', () => undefined);
    response.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  /** Waits until the reader is as asked. Rejects where the stream ends before. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#over) throw new Error(`the stream has ended: ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async end(): Promise<void> {
    while (!this.#over) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  states(): string[] {
    return this.events.map(({ state }) => state);
  }

  #add(chunk: string): void {
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 1).trim()];
        }),
      );
      const data = fields.get('data');
      if (fields.has('')) this.comments.push(fields.get('')!);
      if (data === undefined) continue;
      const { state, progress } = buildSchema.parse(JSON.parse(data));
      this.events.push({ id: fields.get('id')!, event: fields.get('event')!, state, progress });
    }
    this.#wake();
  }
}

async function open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const request = get(url, { headers: { authorization: AUTHORIZATION, ...headers }, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return new EventReader(response);
}

/** Waits without a clock, for what only the other side of a connection can bring about. */
async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the events of a build', () => {
  const admin = new FakeAdmin();
  let http: HttpHarness;
  const events = (id: string): string => `${http.url}/admin/builds/${id}/events`;
  before(async () => {
    http = await startHttp({}, { admin: admin.options() });
  });
  after(() => http.close());

  it('are its state, every change, and its end, after which there is nothing', async () => {
    const { id } = admin.add();
    const reader = await open(events(id));
    await reader.until(() => reader.events.length === 1);
    admin.change(id, { state: 'building', progress: 0.25 });
    admin.change(id, { state: 'gating', progress: 0.8125 });
    admin.change(id, { state: 'active', progress: 1, finishedAt: FINISHED });
    await reader.end();

    assert.deepEqual(reader.events, [
      { id: 'queued-0', event: 'progress', state: 'queued', progress: 0 },
      { id: 'building-250', event: 'progress', state: 'building', progress: 0.25 },
      { id: 'gating-813', event: 'progress', state: 'gating', progress: 0.8125 },
      { id: 'active-1000', event: 'progress', state: 'active', progress: 1 },
    ]);
    assert.equal(admin.watcherCount(id), 0);
    assert.equal(reader.response.complete, true);
    const { headers } = reader.response;
    assert.equal(headers['content-type'], 'text/event-stream');
    assert.equal(headers['cache-control'], 'no-store');
    assert.ok(headers['x-request-id']);
  });

  for (const accept of [
    'text/event-stream',
    'application/json;q=0.1, text/event-stream',
    'TEXT/EVENT-STREAM; q=0.5',
  ]) {
    it(`also come at the address of the build where Accept is ${accept}`, async () => {
      const { id } = admin.add({ state: 'failed', finishedAt: FINISHED });
      const reader = await open(`${http.url}/admin/builds/${id}`, { accept });
      await reader.end();

      assert.deepEqual(reader.states(), ['failed']);
      assert.equal(reader.response.headers.vary, 'Accept');
    });
  }

  for (const accept of ['*/*', 'text/*', 'application/json', 'text/event-stream;q=0']) {
    it(`do not come where Accept is ${accept}`, async () => {
      const { id } = admin.add();
      const response = await fetch(`${http.url}/admin/builds/${id}`, {
        headers: { authorization: AUTHORIZATION, accept },
      });
      assert.equal(response.headers.get('content-type'), 'application/json');
      assert.equal(buildSchema.parse(await response.json()).id, id);
    });
  }

  it('of a build that has ended are its end alone', async () => {
    const { id } = admin.add({ state: 'gate_failed', progress: 0.9, finishedAt: FINISHED });
    const reader = await open(events(id));
    await reader.end();
    assert.deepEqual(reader.states(), ['gate_failed']);
  });

  it('are not sent again to a client that has seen the end', async () => {
    const { id } = admin.add({ state: 'active', progress: 1, finishedAt: FINISHED });
    const again = await open(events(id), { 'last-event-id': 'active-1000' });
    await again.end();
    assert.equal(again.response.statusCode, 204);

    const earlier = await open(events(id), { 'last-event-id': 'gating-800' });
    await earlier.end();
    assert.deepEqual(earlier.states(), ['active']);
  });

  it('of a caller who leaves are watched no more', async () => {
    const { id } = admin.add();
    const [first, second] = [await open(events(id)), await open(events(id))];
    assert.equal(admin.watcherCount(id), 2);
    first.response.destroy();
    await eventually(() => admin.watcherCount(id) === 1);

    admin.change(id, { state: 'cancelled', finishedAt: FINISHED });
    await second.end();
    assert.deepEqual(second.states(), ['queued', 'cancelled']);
  });

  it('reach everybody who watches', async () => {
    const { id } = admin.add();
    const readers = await Promise.all(Array.from({ length: 5 }, () => open(events(id))));
    admin.change(id, { state: 'active', progress: 1, finishedAt: FINISHED });
    await Promise.all(readers.map((reader) => reader.end()));
    for (const reader of readers) assert.deepEqual(reader.states(), ['queued', 'active']);
  });

  it('are for 64 callers at a time, and the next one is told to ask instead', async () => {
    const { id } = admin.add();
    const readers = await Promise.all(Array.from({ length: 64 }, () => open(events(id))));
    const refused = await fetch(events(id), { headers: { authorization: AUTHORIZATION } });
    assert.equal(refused.status, 429);
    assert.equal((await problemIn(refused)).code, 'rate_limited');
    assert.ok(refused.headers.has('retry-after'));

    readers[0]!.response.destroy();
    await eventually(() => admin.watcherCount(id) === 63);
    const accepted = await open(events(id));
    assert.equal(accepted.response.statusCode, 200);
    admin.change(id, { state: 'failed', finishedAt: FINISHED });
    await Promise.all([...readers.slice(1), accepted].map((reader) => reader.end()));
  });

  it('wait for a caller who reads slowly: some are left out, the last one is not', async () => {
    const { id } = admin.add({ recipe: { padding: 'x'.repeat(50_000) } });
    const sent = 2000;
    const reader = await open(events(id));
    await reader.until(() => reader.events.length === 1);
    reader.response.pause();
    for (let step = 1; step <= sent; step += 1) {
      admin.change(id, { state: 'building', progress: step / sent });
      if (step % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    admin.change(id, { state: 'ready', progress: 1, finishedAt: FINISHED });
    reader.response.resume();
    await reader.end();

    // 100 MB were there to send; kernels keep a few.
    assert.ok(reader.events.length < sent / 2, `${reader.events.length} events`);
    assert.equal(reader.states().at(-1), 'ready');
    const progress = reader.events.map((event) => event.progress);
    assert.deepEqual(
      progress,
      progress.toSorted((a, b) => a - b),
    );
  });

  it('are counted under their pattern when they are over', async () => {
    const metrics = await (await fetch(`${http.url}/metrics`)).text();
    assert.match(
      metrics,
      /route="\/admin\/builds\/\{id\}\/events",variant="none",code="200"\} \d+/,
    );
    assert.match(
      metrics,
      /route="\/admin\/builds\/\{id\}\/events",variant="none",code="499"\} \d+/,
    );
  });
});

describe('the heartbeat of the events', () => {
  const admin = new FakeAdmin();
  let http: HttpHarness;
  before(async () => {
    http = await startHttp({}, { admin: admin.options({ heartbeatMs: 10 }) });
  });
  after(() => http.close());

  it('is a comment, and stops with the build', async () => {
    const { id } = admin.add();
    const reader = await open(`${http.url}/admin/builds/${id}/events`);
    await reader.until(() => reader.comments.length >= 3);
    admin.change(id, { state: 'active', progress: 1, finishedAt: FINISHED });
    await reader.end();

    assert.deepEqual(new Set(reader.comments), new Set(['heartbeat']));
    assert.deepEqual(reader.states(), ['queued', 'active']);
  });

  it('finds a caller who has stopped reading, and lets it go', async () => {
    const { id } = admin.add({ recipe: { padding: 'x'.repeat(1_000_000) } });
    const reader = await open(`${http.url}/admin/builds/${id}/events`);
    reader.response.pause();
    const watched = (): boolean => admin.watcherCount(id) > 0;
    await eventually(() => {
      if (watched()) admin.change(id, { state: 'building' });
      return !watched();
    });
    reader.response.destroy();
  });
});

describe('a shutdown with open streams', () => {
  it('ends them at once, also that of a caller who does not read, and refuses new ones', async () => {
    const admin = new FakeAdmin();
    const http = await startHttp({}, { admin: admin.options() });
    const { id } = admin.add({ recipe: { padding: 'x'.repeat(1_000_000) } });
    const url = `${http.url}/admin/builds/${id}/events`;
    const [reading, stalled] = [await open(url), await open(url)];
    stalled.response.pause();
    for (let step = 0; step < 30; step += 1) admin.change(id, { progress: step / 100 });
    await reading.until(() => reading.events.length > 0);
    let drained: Promise<boolean> | undefined;
    http.server.prependOnceListener('request', () => {
      drained = http.drain(60_000);
    });
    const late = await http.open();
    late.write(
      `GET /admin/builds/${id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTHORIZATION}\r\n\r\n`,
    );

    assert.match(await untilClosed(late), /^HTTP\/1\.1 503 [^]*"code":"draining"/);
    assert.equal(await drained, true, 'nothing had to be cut off');
    await reading.end();
    assert.equal(admin.watcherCount(id), 0);
    stalled.response.destroy();
  });

  it('ends a stream that is idle with a comment that says why', async () => {
    const admin = new FakeAdmin();
    const http = await startHttp({}, { admin: admin.options() });
    const { id } = admin.add();
    const reader = await open(`${http.url}/admin/builds/${id}/events`);
    await reader.until(() => reader.events.length === 1);

    assert.equal(await http.drain(60_000), true);
    await reader.end();
    assert.deepEqual(reader.comments, ['the gateway is shutting down']);
    assert.equal(reader.response.complete, true);
  });
});
