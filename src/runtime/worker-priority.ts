import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * How much nicer workers are than the process that speaks HTTP: it goes first, so that while all cores are busy it still
 * refuses, times out and hands out batches when it should. On a host with other work they get less of a busy core for it.
 */
const NICER_BY = 7;
const NICEST = 19;
const CAP_SYS_NICE = 1n << 23n;

function servingPriority(): number {
  return Math.min(NICEST, getPriority() + NICER_BY);
}

/** Of a worker that was just started, before it has threads, which take it over. */
export function setServingPriority(pid: number): void {
  setQuietly(pid, servingPriority());
}

/**
 * Whether this process may give back the priority that it took from a child. On Linux without CAP_SYS_NICE or a limit
 * that allows it nobody may; other systems do not tell.
 */
export function canRestorePriority(): boolean {
  try {
    const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if ((BigInt(`0x${capabilities?.[1] ?? '0'}`) & CAP_SYS_NICE) !== 0n) return true;
    const limit = /^Max nice priority\s+(\S+)/m.exec(
      readFileSync('/proc/self/limits', 'utf8'),
    )?.[1];
    // RLIMIT_NICE is 20 less the best nice value that a process may take for itself, getrlimit(2).
    return limit === 'unlimited' || Number(limit) >= 20 - servingPriority();
  } catch {
    // No /proc.
    return false;
  }
}

/** For a process that loads while others serve; only where `restorePriority` can undo it. */
export function lowerPriority(pid: number): void {
  setQuietly(pid, NICEST);
}

/** On Linux each thread has a priority of its own, and takes that of the one which started it. */
export function restorePriority(pid: number): void {
  let threads: number[];
  try {
    threads = readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    threads = [pid];
  }
  const priority = servingPriority();
  for (const thread of threads) setQuietly(thread, priority);
}

function setQuietly(pid: number, priority: number): void {
  try {
    setPriority(pid, priority);
  } catch {
    // The process or thread has ended already.
  }
}
