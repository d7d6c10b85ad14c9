import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { AdminClient, lastEvent } from '../../../../loadtest/builds/admin-client.js';

const KEY = 'a key of sixteen';
const wanted = { parent: 'full', recipe: { precision: 'int8' }, name: 'made' };

const eventOf = (state: string, more: object = {}): string =>
  `id: ${state}-0\nevent: progress\ndata: ${JSON.stringify({ id: 'b1', state, error: null, ...more })}\n\n`;

describe('the client of the admin API', () => {
  const seen: string[] = [];
  let ending = eventOf('active');
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    seen.push(`${method} ${url}`);
    if (headers.authorization !== `Bearer ${KEY}`) {
      response.writeHead(403).end('no such key');
      return;
    }
    if (url?.endsWith('/events')) response.end(`retry: 3000\n\n${eventOf('building')}${ending}`);
    else if (url === '/admin/variants/made/retire') response.writeHead(409).end('the last one');
    else if (method === 'DELETE') response.writeHead(204).end();
    else response.writeHead(202).end(JSON.stringify({ id: 'b1', state: 'queued' }));
  });
  let url: string;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('builds and waits for the end of the events', async () => {
    seen.length = 0;
    const { build, elapsedMs } = await new AdminClient(url, KEY).build(wanted);

    assert.equal(build.state, 'active');
    assert.ok(elapsedMs > 0);
    assert.deepEqual(seen, ['POST /admin/variants', 'GET /admin/builds/b1/events']);
  });

  it('throws with the reason where a build ends in another way', async () => {
    const error = { code: 'gate_failed', detail: 'It agrees too little.' };
    ending = eventOf('gate_failed', { error });

    await assert.rejects(
      new AdminClient(url, KEY).build(wanted),
      /the build of made ended gate_failed \(gate_failed\): It agrees too little\./,
    );
  });

  it('throws with status and answer where it is refused', async () => {
    const client = new AdminClient(url, KEY);

    await client.remove('made');
    await assert.rejects(client.retire('made'), /POST .*retire answered 409: the last one/);
    await assert.rejects(new AdminClient(url, 'wrong').remove('made'), /answered 403: no such key/);
  });
});

describe('lastEvent', () => {
  it('is the build of the last event', () => {
    assert.equal(lastEvent(eventOf('gating') + eventOf('ready')).state, 'ready');
  });

  it('throws where the stream ended before the build, or told nothing', () => {
    const cut = `${eventOf('gating')}: the gateway is shutting down\n\n`;

    assert.throws(() => lastEvent(cut), /events of build b1 ended while it was gating/);
    assert.throws(() => lastEvent('retry: 3000\n\n'), /had none/);
  });
});
