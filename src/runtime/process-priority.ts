import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { promisify } from 'node:util';

/**
 * How much nicer workers are than the process that speaks HTTP: it goes first, so that while all cores are busy it still
 * refuses, times out and hands out batches when it should. On a host with other work they get less of a busy core for it.
 */
const NICER_BY = 7;
const NICEST = 19;
const IDLE_CLASS_FOR_MS = 10_000;
const CAP_SYS_NICE = 1n << 23n;
const run = promisify(execFile);

let mayRestore: boolean | undefined;

/** Of a worker that was just started, before it has threads, which take it over. */
export function setServingPriority(pid: number): void {
  setQuietly(pid, servingPriority());
}

/**
 * Whether this process may give back the priority that it took from a child. On Linux without CAP_SYS_NICE or a limit
 * that allows it nobody may; other systems do not tell.
 */
export function canRestorePriority(): boolean {
  mayRestore ??= isAllowedToRestore();
  return mayRestore;
}

/**
 * For a process that builds or loads while others serve. Even the nicest process keeps a core for its turn of some ms
 * when one that serves wakes up; one of the idle class does not, sched(7). Where it could not leave that class again it
 * is the nicest only. After a while it leaves the class with all that it has started: beside workers that are never idle
 * it would not come to its end, and what it makes may be what ends that.
 */
export async function lowerPriority(pid: number): Promise<void> {
  setQuietly(pid, NICEST);
  if (!canRestorePriority()) return;
  // One that has ended or has been restored by then is none the worse for it.
  setTimeout(() => {
    for (const each of [pid, ...childrenOf(pid)]) void setClass(each, '--other');
  }, IDLE_CLASS_FOR_MS).unref();
  await setClass(pid, '--idle');
}

/** Undoes `lowerPriority` for a worker. On Linux each thread has a priority of its own. */
export async function restorePriority(pid: number): Promise<void> {
  await setClass(pid, '--other');
  const priority = servingPriority();
  for (const thread of threadsOf(pid)) setQuietly(thread, priority);
}

function servingPriority(): number {
  return Math.min(NICEST, getPriority() + NICER_BY);
}

function isAllowedToRestore(): boolean {
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

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function setQuietly(pid: number, priority: number): void {
  try {
    setPriority(pid, priority);
  } catch {
    // The process or thread has ended already, or this system has no priorities.
  }
}

/** By util-linux's command, since Node cannot. */
async function setClass(pid: number, schedulingClass: '--idle' | '--other'): Promise<void> {
  await run('chrt', ['--all-tasks', schedulingClass, '--pid', '0', String(pid)]).catch(
    // The process has ended already, or there is no such command here.
    () => undefined,
  );
}
