import { fork, type ChildProcess } from 'node:child_process';
import { lowerPriority } from '../runtime/process-priority.js';

/** Starts a process of low priority in a group of its own, so that it and its children can be killed as one. */
export function forkGroup(hostPath: string): ChildProcess {
  const child = fork(hostPath, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--expose-gc'],
    detached: process.platform !== 'win32',
  });
  if (child.pid !== undefined) void lowerPriority(child.pid);
  return child;
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
