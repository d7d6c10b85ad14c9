import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

export interface Device {
  cpu: string;
  cores: number;
  /** Those CPU features that decide how fast int8 and fp32 products are. */
  cpuFeatures: string[];
  memoryMiB: number;
  system: string;
  node: string;
  onnxruntime: string;
  gitCommit: string;
  /** Mean number of runnable processes over the last minute: well above 0 means that the host was busy already. */
  loadAverage: number;
}

const decisiveFeatures =
  /^(avx|avx2|avx512(f|bw|vl|_vnni|_bf16)|avx_vnni|amx_(int8|bf16)|asimddp|i8mm|sve)$/;

/** What the measurement ran on, as far as it can change the figures. */
export function describeDevice(): Device {
  const cpuinfo = os.platform() === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const features = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' ') ?? [];
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    cpuFeatures: features.filter((feature) => decisiveFeatures.test(feature)),
    memoryMiB: Math.round(os.totalmem() / 2 ** 20),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    onnxruntime: versionOf('node_modules/onnxruntime-node/package.json'),
    gitCommit: gitCommit(),
    loadAverage: os.loadavg()[0]!,
  };
}

/** The version that a package.json states. */
export function versionOf(packageJson: string): string {
  return (JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string }).version;
}

/** The commit, with `+changes` where the tree differs from it; `unknown` without git. */
function gitCommit(): string {
  try {
    const commit = git('rev-parse', 'HEAD');
    return git('status', '--porcelain', '--', '.', ':!loadtest/results') === ''
      ? commit
      : `${commit}+changes`;
  } catch {
    // An unpacked archive has no repository; the figures are still worth keeping.
    return 'unknown';
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
