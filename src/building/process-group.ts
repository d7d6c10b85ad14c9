import { fork, type ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';

/** Starts a process of low priority in a group of its own, so that it and its children can be killed as one. */
export function forkGroup(hostPath: string): ChildProcess {
  const child = fork(hostPath, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--expose-gc'],
    detached: process.platform !== 'win32',
  });
  lowerPriority(child);
  return child;
}

/** Before the process has started its threads, which take its priority over. */
function lowerPriority(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, which its exit tells; or this system has no priorities.
  }
}

export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of the group are gone.
  }
}
