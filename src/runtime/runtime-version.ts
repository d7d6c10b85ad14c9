import { createRequire } from 'node:module';

/** The version of onnxruntime-node that the workers will load, from its package alone: no session, no native code. */
export function runtimeVersion(): string {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as {
    version: string;
  };
  return version;
}
