import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { GatewayProcess } from '../support/gateway-process.js';

describe('the command line', () => {
  it('explains every variable with --help', async () => {
    const { exitCode, stdout } = await GatewayProcess.run(['--help']);

    assert.equal(exitCode, 0);
    assert.match(stdout, /^ {2}ENTIER_WORKERS\n {6}.+ Default: "auto"$/m);
  });

  it('shows the whole configuration with --print-config', async () => {
    const { exitCode, stdout } = await GatewayProcess.run(['--print-config'], {
      ENTIER_THREADS: '3',
    });

    assert.equal(exitCode, 0);
    assert.equal((JSON.parse(stdout) as { threads: number }).threads, 3);
  });

  it('names all that is wrong with the configuration and exits with 78', async () => {
    const { exitCode, stderr } = await GatewayProcess.run([], {
      PORT: '99999',
      ENTIER_WORKER: '2',
    });

    assert.equal(exitCode, 78);
    assert.match(stderr, /ENTIER_WORKER: .* did you mean ENTIER_WORKERS\?\n {2}PORT: /);
    assert.ok(!stderr.includes('    at '), 'no stack');
  });

  it('refuses an option that it does not know', async () => {
    const { exitCode, stderr } = await GatewayProcess.run(['--prot=1']);

    assert.equal(exitCode, 78);
    assert.equal(stderr, 'entier: there is no option --prot=1; see --help\n');
  });

  it('ends at once at the second signal, with 128 and its number', async () => {
    const gateway = await GatewayProcess.start({ ENTIER_MODELS_DIR: 'test/fixtures/models' });
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    // Without the end of its body this request keeps the drain waiting.
    socket.write('POST /ner HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
    socket.write('Content-Length: 9\r\nExpect: 100-continue\r\n\r\n');
    await once(socket, 'data');

    gateway.kill('SIGTERM');
    while (await accepts(gateway.url));
    const { exitCode } = await gateway.stop('SIGINT');

    assert.equal(exitCode, 130);
    socket.destroy();
  });
});

async function accepts(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const accepted = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return accepted;
}
