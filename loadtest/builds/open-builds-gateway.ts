import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { openGateway } from '../gateway-process.js';
import { makeTemporaryFolder } from '../temporary-folder.js';
import { AdminClient } from './admin-client.js';

export interface BuildsGateway {
  url: string;
  /** Of the HTTP process, the root of all others. */
  pid: number;
  admin: AdminClient;
  variants: readonly string[];
  /** Where the gateway and its builders put what they do not keep; nobody else does. */
  temporaryFolder: string;
}

/**
 * Runs `work` at a gateway that was started for it: with an admin key of its own, nothing known of this host before, and a
 * temporary folder for itself.
 */
export async function withBuildsGateway<T>(
  modelsDir: string,
  work: (gateway: BuildsGateway) => Promise<T>,
): Promise<T> {
  const folder = makeTemporaryFolder('entier-builds-');
  try {
    const temporaryFolder = path.join(folder.path, 'tmp');
    mkdirSync(temporaryFolder);
    const key = randomBytes(32).toString('hex');
    const gateway = await openGateway({
      modelsDir,
      env: {
        ENTIER_ADMIN_KEY: key,
        ENTIER_PROFILES_DIR: path.join(folder.path, 'profiles'),
        TMPDIR: temporaryFolder,
      },
    });
    try {
      const { url, variants } = gateway;
      const admin = new AdminClient(url, key);
      return await work({ url, pid: gateway.process!.pid, admin, variants, temporaryFolder });
    } finally {
      await gateway.stop();
    }
  } finally {
    folder.remove();
  }
}
