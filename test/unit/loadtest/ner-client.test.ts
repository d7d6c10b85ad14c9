import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { createNerClient, type NerClient } from '../../../loadtest/ner-client.js';

async function withServer(
  handle: RequestListener,
  use: (client: NerClient) => Promise<void>,
): Promise<void> {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createNerClient({ url, headers: { 'cache-control': 'no-cache' } });
  try {
    await use(client);
  } finally {
    await client.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

describe('the client of the open loop', () => {
  it('has as many connections as requests in flight, and keeps them', async () => {
    const waiting: (() => void)[] = [];
    const ports = new Set<number>();
    await withServer(
      (request, response) => {
        ports.add(request.socket.remotePort!);
        waiting.push(() => response.end('{}'));
        if (waiting.length === 3) for (const answer of waiting.splice(0)) answer();
      },
      async (client) => {
        const send = () => Promise.all([1, 2, 3].map(() => client.send('{}')));

        // A client that queued the third request would wait for ever.
        await send();
        const [reply] = await send();

        assert.equal(reply!.status, 200);
        assert.ok(reply!.answeredAt > reply!.sentAt);
        assert.equal(ports.size, 3);
      },
    );
  });

  it('posts to /ner with its headers, and puts an answer in pieces together', async () => {
    const pieces = [Buffer.from('Å').subarray(0, 1), Buffer.from('Å').subarray(1)];
    await withServer(
      (request, response) => {
        const { 'cache-control': cache, 'content-type': type } = request.headers;
        response.statusCode = request.method === 'POST' && request.url === '/ner' ? 201 : 500;
        response.write(`${cache} ${type} `);
        response.write(pieces[0], () => response.end(pieces[1]));
      },
      async (client) => {
        const { status, body } = await client.send('{}');

        assert.deepEqual([status, body], [201, 'no-cache application/json Å']);
      },
    );
  });

  it('has no status where the connection breaks, even in the midst of an answer', async () => {
    await withServer(
      (_request, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('{', () => response.destroy());
      },
      async (client) => {
        const reply = await client.send('{}');

        assert.deepEqual([reply.status, reply.body], [0, '']);
        assert.ok(reply.answeredAt >= reply.sentAt);
      },
    );
  });
});
