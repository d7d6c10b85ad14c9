import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { StartError } from '../../../src/errors.js';
import { chooseProvider } from '../../../src/runtime/choose-provider.js';
import type { CudaHost } from '../../../src/runtime/cuda-diagnosis.js';

const root = mkdtempSync(path.join(tmpdir(), 'entier-cuda-'));
after(() => rmSync(root, { recursive: true }));

/** A host with the given files. */
function hostWith(name: string, files: readonly string[]): CudaHost {
  const dir = path.join(root, name);
  mkdirSync(path.join(dir, 'ort'), { recursive: true });
  mkdirSync(path.join(dir, 'lib'));
  for (const file of files) writeFileSync(path.join(dir, file), '');
  return {
    ortLibraryDir: path.join(dir, 'ort'),
    deviceFiles: [path.join(dir, 'nvidia0')],
    libraryDirs: [path.join(dir, 'lib'), path.join(dir, 'no-such-folder')],
  };
}

const COMPLETE = [
  'ort/libonnxruntime_providers_cuda.so',
  'nvidia0',
  'lib/libcudart.so.13',
  'lib/libcudnn.so.9',
];

describe('chooseProvider', () => {
  it('refuses cuda on a host without a GPU and names all that is missing', () => {
    assert.throws(
      () => chooseProvider('cuda', hostWith('bare', [])),
      (error) =>
        error instanceof StartError &&
        error.message.includes('npm run install:cuda') &&
        error.message.includes('no NVIDIA device') &&
        error.message.includes('libcudart') &&
        error.message.includes('cuDNN') &&
        error.message.includes('ENTIER_EXECUTION_PROVIDER=auto'),
    );
  });

  it('names only the part that is missing', () => {
    const host = hostWith('no-cudnn', COMPLETE.slice(0, 3));
    assert.throws(
      () => chooseProvider('cuda', host),
      (error) =>
        error instanceof StartError && /cuDNN/.test(error.message) && !/driver/.test(error.message),
    );
  });

  it('falls back to the CPU with auto and says why', () => {
    const plan = chooseProvider('auto', hostWith('bare-auto', []));
    assert.deepEqual(plan.order, ['cpu']);
    assert.match(plan.detail ?? '', /^no CUDA: .*install:cuda/);
  });

  it('tries cuda before the CPU with auto on a complete host', () => {
    const plan = chooseProvider('auto', hostWith('complete-auto', COMPLETE));
    assert.deepEqual(plan, { requested: 'auto', order: ['cuda', 'cpu'], detail: undefined });
  });

  it('tries nothing but cuda when it was asked for', () => {
    assert.deepEqual(chooseProvider('cuda', hostWith('complete', COMPLETE)).order, ['cuda']);
  });

  it('does not look for a GPU when the CPU was asked for', () => {
    assert.deepEqual(chooseProvider('cpu', hostWith('cpu', COMPLETE)).order, ['cpu']);
  });
});
