import { readdirSync, readFileSync } from 'node:fs';

export interface TreeUsage {
  processes: number;
  /** Processor time of the processes and of the children that they have waited for. */
  cpuMs: number;
  /** Resident memory, added up: pages that processes share count in each of them. */
  rssMiB: number;
}

// The kernel tells times in clock ticks, of which user space on Linux always sees 100 a second.
const msPerTick = 10;

export interface ProcessUsage {
  pid: number;
  /** Processor time of its own. */
  cpuMs: number;
  rssMiB: number;
}

/** What a process and all its descendants have used, from /proc; Linux only. */
export function treeUsage(rootPid: number): TreeUsage {
  const members = statsOfTree(rootPid);
  return {
    processes: members.length,
    cpuMs:
      members.reduce((sum, { ownTicks, waitedTicks }) => sum + ownTicks + waitedTicks, 0) *
      msPerTick,
    rssMiB: members.reduce((sum, { pid }) => sum + residentMiB(pid), 0),
  };
}

/** The same, process by process; those that have ended are left out. */
export function processUsages(rootPid: number): ProcessUsage[] {
  return statsOfTree(rootPid).map(({ pid, ownTicks }) => ({
    pid,
    cpuMs: ownTicks * msPerTick,
    rssMiB: residentMiB(pid),
  }));
}

function statsOfTree(rootPid: number): Stat[] {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readStat(Number(pid)))
    .filter((stat) => stat !== undefined);
  const inTree = new Set([rootPid]);
  // A child may have a lower number than its parent, so go on until nothing is added.
  for (let size = 0; size !== inTree.size;) {
    size = inTree.size;
    for (const { pid, parent } of stats) if (inTree.has(parent)) inTree.add(pid);
  }
  return stats.filter(({ pid }) => inTree.has(pid));
}

interface Stat {
  pid: number;
  parent: number;
  ownTicks: number;
  /** Of children that have ended and been waited for. */
  waitedTicks: number;
}

function readStat(pid: number): Stat | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may hold anything, spaces and parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime, stime, cutime, cstime: fields 14 to 17 of proc_pid_stat(5), where the state is field 3.
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  return {
    pid,
    parent: Number(fields[1]),
    ownTicks: utime! + stime!,
    waitedTicks: cutime! + cstime!,
  };
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/status`) ?? '')?.[1];
  return Number(kib ?? 0) / 1024;
}

/** Undefined where the process has ended in between. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
