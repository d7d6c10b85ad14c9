import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** The CPU's name and the instruction sets that decide how fast and how exact int8 runs are. */
export interface HostFacts {
  readonly cpuModel: string;
  readonly cpuFlags: string;
  readonly cores: number;
}

const RELEVANT_FLAGS =
  /^(avx2|avx512f|avx512bw|avx512_vnni|avx_vnni|avx512_bf16|amx_int8|asimddp|i8mm)$/;

/** Flags are empty where the system has no /proc/cpuinfo; the model alone keys the measurements then. */
export function hostFacts(): HostFacts {
  return {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cpuFlags: cpuFlags(),
    cores: availableParallelism(),
  };
}

function cpuFlags(): string {
  let text: string;
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // Not Linux.
    return '';
  }
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1] ?? '';
  return line
    .split(' ')
    .filter((flag) => RELEVANT_FLAGS.test(flag))
    .sort()
    .join(' ');
}
