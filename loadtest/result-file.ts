import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeDevice } from './device.js';

interface ResultOptions {
  /** What was measured; the first half of the file's name. */
  what: string;
  startedAt: Date;
  parameters: object;
  folder: string;
}

/** Writes a result with device, command and parameters in front; returns its path. */
export function writeResult(options: ResultOptions, result: object): string {
  const { what, startedAt, parameters, folder } = options;
  const document = {
    what,
    startedAt: startedAt.toISOString(),
    command: ['node', ...process.argv.slice(1)].map(relativePath).join(' '),
    device: describeDevice(),
    parameters,
    ...result,
  };
  const date = startedAt
    .toISOString()
    .replaceAll(':', '-')
    .replace(/\.\d+Z$/, 'Z');
  const file = path.join(folder, `${what}-${date}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
  return file;
}

/** A result goes into the repository, which has no use for the folders of a machine. */
function relativePath(argument: string): string {
  return path.isAbsolute(argument) ? path.relative('.', argument) : argument;
}
