/** Runs inside a builder process. Never import it from the gateway. */

import { buildVariant } from './build-variant.js';
import type { FromBuilder, ToBuilder } from './build-protocol.js';
import { GateWorker } from './gate-worker.js';

/** Each message costs the gateway a turn of its event loop. */
const PROGRESS_STEP = 0.01;

let worker: GateWorker | undefined;

/** Resolves when it is on its way; a card is larger than what the channel takes at once. */
function send(message: FromBuilder): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

async function run({ job, workerHostPath }: ToBuilder): Promise<void> {
  // Started now, the process is up by the time that there is a model to load.
  worker = new GateWorker(workerHostPath, (line) => process.stderr.write(`${line}\n`));
  void send({ type: 'gate_worker', pid: worker.pid });
  let told = -1;
  const outcome = await buildVariant(job, {
    worker,
    onProgress: (progress) => {
      if (progress.share < 1 && progress.share - told < PROGRESS_STEP) return;
      told = progress.share;
      void send({ type: 'progress', progress, rssBytes: process.memoryUsage.rss() });
    },
    // The gate's process takes memory too; that of the compressor need not stay beside it.
    onWritten: () => globalThis.gc?.(),
  });
  await worker.close();
  await send({ type: 'outcome', outcome });
  process.disconnect();
}

process.on('message', (message: ToBuilder) => void run(message));
// A terminal's Ctrl-C may reach it; who started it decides when it goes.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Without the gateway there is nobody to build for.
process.on('disconnect', () => {
  worker?.kill();
  process.exit(0);
});
