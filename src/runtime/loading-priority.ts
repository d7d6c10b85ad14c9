import { readdirSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const CAP_SYS_NICE = 1n << 23n;
/** RLIMIT_NICE is 20 less the best nice value that a process may take for itself, getrlimit(2). */
const LIMIT_FOR_NORMAL = 20;

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
    return limit === 'unlimited' || Number(limit) >= LIMIT_FOR_NORMAL;
  } catch {
    // No /proc.
    return false;
  }
}

/** For a process that loads while others serve; only where `restorePriority` can undo it. */
export function lowerPriority(pid: number): void {
  setQuietly(pid, constants.priority.PRIORITY_BELOW_NORMAL);
}

/** On Linux each thread has a priority of its own, and takes that of the one which started it. */
export function restorePriority(pid: number): void {
  let threads: number[];
  try {
    threads = readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    threads = [pid];
  }
  for (const thread of threads) setQuietly(thread, constants.priority.PRIORITY_NORMAL);
}

function setQuietly(pid: number, priority: number): void {
  try {
    setPriority(pid, priority);
  } catch {
    // The process or thread has ended already.
  }
}
