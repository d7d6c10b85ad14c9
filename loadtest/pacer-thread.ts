// Runs in the thread that pacer.ts starts: sleeps until each instant, then tells when offset 0 was, on the monotonic clock.

import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from './monotonic-clock.js';

const offsetsMs = workerData as Float64Array;
const startsAt = monotonicMs() - (offsetsMs[0] ?? 0);
// Nobody ever notifies it: a wait on it ends when its time is up.
const sleeper = new Int32Array(new SharedArrayBuffer(4));

for (let next = 0; next < offsetsMs.length;) {
  const leftMs = startsAt + offsetsMs[next]! - monotonicMs();
  if (leftMs > 0) {
    // It may wake a little early, and then sleeps again.
    Atomics.wait(sleeper, 0, 0, leftMs);
    continue;
  }
  const elapsedMs = monotonicMs() - startsAt;
  // What came due meanwhile is covered by the same message.
  while (next < offsetsMs.length && offsetsMs[next]! <= elapsedMs) next++;
  parentPort!.postMessage(startsAt);
}
