import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
}

/** All processes: from /proc where there is one, since slim images have no ps. */
function processes(): ProcessRow[] {
  if (existsSync('/proc/self/stat')) return readdirSync('/proc').flatMap(fromProc);
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [pid, parent, state] = line.trim().split(/\s+/);
    return state === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), state }];
  });
}

function fromProc(entry: string): ProcessRow[] {
  if (!/^\d+$/.test(entry)) return [];
  try {
    const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
    // The name before it is in parentheses and may hold anything.
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [{ pid: Number(entry), parent: Number(parent), state }];
  } catch {
    // It ended between the two reads.
    return [];
  }
}

/** Ids of the live processes that `pid` started itself. */
export function childrenOf(pid: number): number[] {
  return processes()
    .filter(({ parent, state }) => parent === pid && !state.startsWith('Z'))
    .map((row) => row.pid);
}

/** What a process was started as; empty if it has ended. */
export function commandOf(pid: number): string {
  try {
    if (existsSync('/proc/self/cmdline'))
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** Resolves when none of them lives; one that nobody has waited for counts as dead. Rejects after 10 s. */
export async function allGone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const left = processes().filter(
      ({ pid, state }) => pids.includes(pid) && !state.startsWith('Z'),
    );
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new Error(`still alive: ${left.map(({ pid }) => pid).join(', ')}`);
    }
    await delay(20);
  }
}
