import { totalmem } from 'node:os';
import type { Config } from '../config.js';

/** The rest is for the gateway itself, builders, the cache of files and whoever else is on the host. */
const SHARE = 0.5;

/** Bytes that the sessions of all workers may take: as configured, or half of what this host or container has. */
export function memoryBudget(maxWarmBytes: Config['maxWarmBytes']): number {
  if (maxWarmBytes !== 'auto') return maxWarmBytes;
  // Without a limit it is 0 or more than any host has.
  const limit = process.constrainedMemory();
  return SHARE * (limit > 0 ? Math.min(limit, totalmem()) : totalmem());
}
