import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { monotonicMs } from './monotonic-clock.js';

interface PaceOptions {
  /** Milliseconds, ascending; the first one is due soon after the call. */
  offsetsMs: readonly number[];
  /** Called once for each instant, in order and never early; `dueAt` is on the monotonic clock. */
  onDue: (index: number, dueAt: number) => void;
}

/**
 * Calls `onDue` at instants known ahead; resolves after the last one. Timers of Node.js know whole milliseconds, and a loop
 * that spins would take a core from the server under test. So a thread sleeps in `Atomics.wait`, whose time the kernel keeps to
 * a fraction of that, and sends a message.
 */
export async function pace({ offsetsMs, onDue }: PaceOptions): Promise<void> {
  const offsets = Float64Array.from(offsetsMs);
  const thread = new Worker(new URL('./pacer-thread.js', import.meta.url), {
    workerData: offsets,
  });
  let next = 0;
  try {
    for await (const [startsAt] of on(thread, 'message', { close: ['exit'] })) {
      const elapsedMs = monotonicMs() - (startsAt as number);
      while (next < offsets.length && offsets[next]! <= elapsedMs) {
        const index = next++;
        onDue(index, (startsAt as number) + offsets[index]!);
      }
    }
  } finally {
    await thread.terminate();
  }
}
