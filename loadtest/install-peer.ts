import { execFileSync, type StdioOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { versionOf } from './device.js';

export const peersFolder = 'loadtest/peers';

interface Peer {
  /** Of a folder in loadtest/peers. */
  name: string;
  megabytes: number;
}

/** Installs a peer's package-lock.json into its folder, unless that is done already. Throws with what failed. */
export function installNodePeer({ name, megabytes }: Peer): void {
  const folder = path.join(peersFolder, name);
  installOnce({ folder, lock: 'package-lock.json', into: 'node_modules', megabytes }, () => {
    execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund'], {
      cwd: folder,
      // Without the skip, ONNX Runtime's install script downloads CUDA libraries.
      env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });
}

/** Installs a peer's requirements.txt into a virtual environment in its folder; returns the path of its Python. */
export function installPythonPeer({ name, megabytes }: Peer): string {
  const folder = path.join(peersFolder, name);
  const environment = path.join(folder, '.venv');
  const python = path.join(environment, 'bin/python');
  installOnce({ folder, lock: 'requirements.txt', into: '.venv', megabytes }, () => {
    const stdio: StdioOptions = ['ignore', 'ignore', 'inherit'];
    const base = process.env.PYTHON ?? 'python3';
    execFileSync(base, ['-m', 'venv', '--clear', environment], { stdio });
    const requirements = path.join(folder, 'requirements.txt');
    const quiet = ['--quiet', '--disable-pip-version-check'];
    execFileSync(python, ['-m', 'pip', 'install', ...quiet, '-r', requirements], { stdio });
  });
  return python;
}

interface Installation {
  folder: string;
  /** The file in the folder that pins all versions. */
  lock: string;
  /** The folder in it that is made. */
  into: string;
  megabytes: number;
}

/** Runs `install` unless it ran for this very lock before: a file beside what was installed says so. */
export function installOnce(place: Installation, install: () => void): void {
  const { folder, lock, into, megabytes } = place;
  const content = readFileSync(path.join(folder, lock));
  const wanted = createHash('sha256').update(content).digest('hex');
  const stamp = path.join(folder, into, '.installed-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error(
    `installing ${folder}/${lock} into ${folder}/${into} (once, about ${megabytes} MB)`,
  );
  try {
    install();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new Error(`${folder}/${lock} could not be installed: ${message}`, { cause });
  }
  writeFileSync(stamp, wanted);
}

/** Throws where a peer has another ONNX Runtime: two versions of it would be compared else, and not two servers. */
export function checkSameRuntime(peer: { version: string; folder: string }): void {
  const ours = versionOf('node_modules/onnxruntime-node/package.json');
  if (ours === peer.version) return;
  throw new Error(
    `ONNX Runtime is ${ours} here and ${peer.version} in ${peer.folder}: pin the same there`,
  );
}

/** The exact versions that a requirements.txt pins, of the packages named. */
export function pinnedVersions(
  requirements: string,
  packages: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    packages.map((name) => {
      const line = requirements.split('\n').find((one) => one.startsWith(`${name}==`));
      if (line === undefined) throw new Error(`requirements.txt pins no ${name}`);
      return [name, line.slice(name.length + 2)];
    }),
  );
}
