/**
 * Stands in for worker-host.js where a test needs a worker's behaviour and no model. The logits of a token are one-hot
 * at `id % labelCount`; some first tokens make the worker misbehave.
 */

import { once } from 'node:events';
import { existsSync, unlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayChannel } from '../../src/runtime/gateway-channel.js';
import { unpackLogits } from '../../src/runtime/tensors.js';
import { MISBEHAVIOUR } from './misbehaviour.js';
import type { FromWorker, LoadVariant, ToWorker } from '../../src/runtime/protocol.js';

const SLOW_RUN_MS = 150;

const variants = new Map<string, LoadVariant>();
const channel = new GatewayChannel();

function send(message: FromWorker): void {
  channel.send(message);
}

async function load(variant: LoadVariant): Promise<void> {
  if (variant.path === 'missing' || !mayTake(variant.path)) {
    send({ type: 'variant_failed', name: variant.name, failure: 'missing', detail: 'not there' });
    return;
  }
  if (variant.path === 'crash-at-load') process.exit(7);
  // `after:FILE` can be loaded once there is such a file.
  if (variant.path.startsWith('after:')) {
    while (!existsSync(variant.path.slice('after:'.length))) await delay(5);
  }
  variants.set(variant.name, variant);
  send({ type: 'variant_loaded', name: variant.name, provider: 'cpu' });
}

/** `once:FILE` can be loaded by whoever comes first and takes the file away. */
function mayTake(path: string): boolean {
  if (!path.startsWith('once:')) return true;
  try {
    unlinkSync(path.slice('once:'.length));
    return true;
  } catch {
    return false;
  }
}

async function loadAll(loading: readonly LoadVariant[]): Promise<void> {
  for (const variant of loading) await load(variant);
  send({ type: 'loaded' });
}

function run({ id, input }: Extract<ToWorker, { type: 'run' }>): void {
  const labelCount = variants.get(input.variant)!.labelCount;
  const length = Math.max(...input.lengths);
  const padded = new Float32Array(input.lengths.length * length * labelCount);
  let source = 0;
  input.lengths.forEach((tokens, job) => {
    for (let i = 0; i < tokens; i += 1, source += 1) {
      padded[(job * length + i) * labelCount + (input.ids[source]! % labelCount)] = 9;
    }
  });
  send({
    type: 'result',
    id,
    output: { logits: unpackLogits(padded, input.lengths, labelCount), runMs: 1 },
  });
}

async function runOrMisbehave(message: Extract<ToWorker, { type: 'run' }>): Promise<void> {
  switch (message.input.ids[1]) {
    case MISBEHAVIOUR.crash:
      process.kill(process.pid, 'SIGKILL');
      break;
    case MISBEHAVIOUR.hang:
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      break;
    case MISBEHAVIOUR.hold:
      await heldUntilSignal();
      run(message);
      break;
    case MISBEHAVIOUR.refuse:
      send({ type: 'run_failed', id: message.id, detail: 'refused' });
      break;
    case MISBEHAVIOUR.slow:
      await delay(SLOW_RUN_MS);
      run(message);
      break;
    default:
      run(message);
  }
}

/** From the start on: a test may let the worker go on before the run that it holds has come. */
const released = once(process, 'SIGUSR2');

/** A listener for a signal does not keep a process alive. */
async function heldUntilSignal(): Promise<void> {
  const alive = setInterval(() => undefined, 60_000);
  await released;
  clearInterval(alive);
}

async function serve(): Promise<void> {
  for (let message = channel.receive(); message !== undefined; message = channel.receive()) {
    switch (message.type) {
      case 'load':
        await loadAll(message.variants);
        break;
      case 'run':
        await runOrMisbehave(message);
        break;
      case 'exit':
        return;
    }
  }
}

send({ type: 'up', runtimeVersion: 'fake' });
await serve();
