import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, it } from 'node:test';
import { processUsages, treeUsage } from '../../../loadtest/process-tree.js';
import { startServer } from '../../../loadtest/server-process.js';

// Ready only when its child has worked long enough for the kernel to have counted some of it.
const child = `
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < 50_000);
  process.stdout.write('.');
  setInterval(() => {}, 1000);`;
const server = `
  const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]);
  process.on('SIGTERM', () => { child.kill(); process.exit(0); });
  const { PORT } = process.env;
  child.stdout.once('data', () =>
    require('node:http').createServer((request, response) => response.end()).listen(PORT));`;

describe('startServer', () => {
  it('waits until the server is ready, sees its processes, and stops it', async () => {
    const running = await startServer({
      name: 'a server',
      script: () => ['-e', server],
      env: (port) => ({ PORT: `${port}` }),
      readyPath: '/',
      niceness: 2,
    });

    const usage = treeUsage(running.pid);
    const each = processUsages(running.pid);
    const priority = os.getPriority(running.pid);
    await running.stop();

    assert.equal(usage.processes, 2);
    assert.equal(priority, Math.min(os.getPriority() + 2, 19));
    assert.ok(usage.cpuMs > 0 && usage.rssMiB > 20);
    assert.equal(each.length, 2);
    assert.equal(new Set(each.map(({ pid }) => pid)).has(running.pid), true);
    assert.ok(each.every(({ cpuMs, rssMiB }) => cpuMs > 0 && rssMiB > 10));
    assert.equal(treeUsage(running.pid).rssMiB, 0);
    assert.deepEqual(processUsages(running.pid), []);
    await assert.rejects(fetch(running.url));
  });

  it('shows the last output of a server that ends while it starts', async () => {
    const options = {
      name: 'a server',
      script: () => ['-e', 'console.error("no model"); process.exit(3)'],
      readyPath: '/',
    };

    await assert.rejects(startServer(options), /a server ended while it started[^]*no model/);
  });

  it('stops a server that is not ready in time', async () => {
    const options = {
      name: 'a server',
      script: () => ['-e', 'setInterval(() => {}, 1000)'],
      readyPath: '/',
      timeoutMs: 200,
    };

    await assert.rejects(startServer(options), /a server is not ready after 0\.2 s/);
  });
});
