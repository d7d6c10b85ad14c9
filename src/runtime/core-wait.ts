import { readFileSync } from 'node:fs';

/**
 * How long the main threads of these processes could have run and waited for a core, ms, summed up since their starts.
 * Undefined where the system does not tell (Linux does, in /proc/PID/schedstat) or one of them is gone.
 */
export function coreWaitMs(pids: readonly number[]): number | undefined {
  let waitedMs = 0;
  for (const pid of pids) {
    const waited = schedstat(pid)[1];
    if (waited === undefined) return undefined;
    waitedMs += waited / 1e6;
  }
  return waitedMs;
}

/** Nanoseconds on a core, nanoseconds of waiting for one, times that it got one. */
function schedstat(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  } catch {
    return [];
  }
}
