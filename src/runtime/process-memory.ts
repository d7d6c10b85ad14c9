import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  readonly residentBytes: number;
  /** The most that it ever was. */
  readonly peakBytes: number;
}

/** Memory of a process; undefined where the system does not tell (Linux does, in /proc/PID/status) or it is gone. */
export function processMemory(pid: number): ProcessMemory | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined;
  }
  const bytes = (key: string): number | undefined => {
    const kib = new RegExp(`^${key}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  };
  const residentBytes = bytes('VmRSS');
  const peakBytes = bytes('VmHWM');
  // A process that has ended and was not waited for has neither.
  return residentBytes === undefined || peakBytes === undefined
    ? undefined
    : { residentBytes, peakBytes };
}
