import { fileURLToPath } from 'node:url';
import type { BuildOutcome, RunningBuild, StartBuild } from './build-job.js';
import type { FromBuilder, ToBuilder } from './build-protocol.js';
import { forkGroup, killGroup } from './process-group.js';
import { processMemory } from '../runtime/process-memory.js';

const BUILD_HOST = fileURLToPath(new URL('./build-host.js', import.meta.url));
const WORKER_HOST = fileURLToPath(new URL('../runtime/worker-host.js', import.meta.url));
const WATCH_EVERY_MS = 50;

/** Why a builder was killed before it had an outcome. */
type Ending = 'cancelled' | 'memory';

/**
 * Builds a variant in a process of its own with low priority, and gates it in a child of that. Neither outlives this
 * process. Its memory is looked at every 50 ms: what it takes in between is what it may exceed its limit by.
 */
export const startBuild: StartBuild = (job, onProgress): RunningBuild => {
  const child = forkGroup(BUILD_HOST);

  let ending: Ending | undefined;
  let outcome: BuildOutcome | undefined;
  let gatePid: number | undefined;
  let peakBytes = 0;
  let settled = false;
  const end = (why: Ending): void => {
    // The id of a process that has ended may be that of another by now.
    if (settled) return;
    ending ??= why;
    killGroup(child);
  };
  const watchMemory = (usedBytes: number, atMostBytes: number): void => {
    peakBytes = Math.max(peakBytes, usedBytes, atMostBytes);
    if (peakBytes > job.maxMemoryBytes) end('memory');
  };
  const watch = setInterval(() => {
    const seen = [child.pid, gatePid].flatMap((pid) =>
      pid === undefined ? [] : (processMemory(pid) ?? []),
    );
    if (seen.length === 0) return;
    const used = seen.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
    watchMemory(used, Math.max(...seen.map((one) => one.peakBytes)));
  }, WATCH_EVERY_MS);

  child.on('message', (message: FromBuilder) => {
    switch (message.type) {
      case 'gate_worker':
        gatePid = message.pid;
        break;
      case 'progress':
        watchMemory(message.rssBytes, 0);
        if (ending === undefined) onProgress(message.progress);
        break;
      case 'outcome':
        outcome = message.outcome;
        break;
    }
  });
  const done = new Promise<BuildOutcome>((resolve) => {
    const settle = (how: string): void => {
      clearInterval(watch);
      // What a builder that was killed left behind.
      killGroup(child);
      settled = true;
      resolve(outcomeOf({ ending, outcome, peakBytes, maxBytes: job.maxMemoryBytes, how }));
    };
    child.once('exit', (code, signal) => settle(signal ?? `code ${code ?? 'unknown'}`));
    child.on('error', (error) => {
      // A process that was never there does not exit.
      if (child.pid === undefined) settle(error.message);
    });
  });
  const request: ToBuilder = { type: 'build', job, workerHostPath: WORKER_HOST };
  if (child.connected) child.send(request);
  return { done, cancel: () => end('cancelled') };
};

function outcomeOf({
  ending,
  outcome,
  peakBytes,
  maxBytes,
  how,
}: {
  ending: Ending | undefined;
  outcome: BuildOutcome | undefined;
  peakBytes: number;
  maxBytes: number;
  how: string;
}): BuildOutcome {
  if (ending === 'cancelled') return { kind: 'cancelled' };
  const mb = (bytes: number): number => Math.ceil(bytes / 1e6);
  if (ending === 'memory') {
    const detail = `the builder was killed: it took ${mb(peakBytes)} MB of memory, and ${mb(maxBytes)} MB are allowed`;
    return { kind: 'failed', code: 'killed', detail };
  }
  if (outcome === undefined) {
    const detail = `the builder ended with ${how} before it was done`;
    return { kind: 'failed', code: 'killed', detail };
  }
  return outcome.kind === 'built' ? { ...outcome, peakMemoryBytes: peakBytes } : outcome;
}
