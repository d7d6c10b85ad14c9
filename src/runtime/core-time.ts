import { readFileSync } from 'node:fs';

/** How long the main threads of some processes ran on a core, and how long they waited for one though they could run. */
export interface CoreTime {
  readonly ranMs: number;
  readonly waitedMs: number;
}

/**
 * Sums from the start of these processes; undefined where the system does not tell (Linux does, in
 * /proc/PID/schedstat) or one of them is gone.
 */
export function coreTime(pids: readonly number[]): CoreTime | undefined {
  let ranMs = 0;
  let waitedMs = 0;
  for (const pid of pids) {
    const [ran, waited] = schedstat(pid);
    if (ran === undefined || waited === undefined) return undefined;
    ranMs += ran / 1e6;
    waitedMs += waited / 1e6;
  }
  return { ranMs, waitedMs };
}

function schedstat(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  } catch {
    return [];
  }
}
