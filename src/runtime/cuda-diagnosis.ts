import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Where the CUDA execution provider looks for what it needs; replaced in tests. */
export interface CudaHost {
  /** Folder of the native libraries of onnxruntime-node. */
  readonly ortLibraryDir: string;
  readonly deviceFiles: readonly string[];
  readonly libraryDirs: readonly string[];
}

/** This host. `libraryPath` is LD_LIBRARY_PATH. */
export function cudaHost(libraryPath: string | undefined): CudaHost {
  const ortMain = createRequire(import.meta.url).resolve('onnxruntime-node');
  return {
    ortLibraryDir: path.join(
      path.dirname(ortMain),
      `../bin/napi-v6/${process.platform}/${process.arch}`,
    ),
    deviceFiles: ['/dev/nvidia0', '/dev/dxg'],
    libraryDirs: [
      ...(libraryPath ?? '').split(':').filter(Boolean),
      '/usr/local/cuda/lib64',
      '/usr/lib/x86_64-linux-gnu',
      '/usr/lib/aarch64-linux-gnu',
      '/usr/lib64',
      '/lib64',
    ],
  };
}

function hasLibrary(dirs: readonly string[], prefix: string): boolean {
  return dirs.some(
    (dir) => existsSync(dir) && readdirSync(dir).some((file) => file.startsWith(prefix)),
  );
}

/**
 * What the CUDA execution provider lacks on this host, as sentences that say what to do; empty where nothing is known
 * to be missing. Whether it really works only a session can tell.
 */
export function diagnoseCuda(host: CudaHost): string[] {
  const missing: string[] = [];
  if (!hasLibrary([host.ortLibraryDir], 'libonnxruntime_providers_cuda')) {
    missing.push("onnxruntime's CUDA libraries are not installed (run `npm run install:cuda`)");
  }
  if (!host.deviceFiles.some((file) => existsSync(file))) {
    missing.push(
      'no NVIDIA device is visible (install the driver, or pass the GPU to the container)',
    );
  }
  if (!hasLibrary(host.libraryDirs, 'libcudart.so')) {
    missing.push('the CUDA runtime libcudart is not found (install CUDA, or set LD_LIBRARY_PATH)');
  }
  if (!hasLibrary(host.libraryDirs, 'libcudnn.so')) {
    missing.push('cuDNN 9 is not found (install libcudnn9, or set LD_LIBRARY_PATH)');
  }
  return missing;
}
