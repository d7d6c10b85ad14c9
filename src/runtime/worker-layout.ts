export interface WorkerLayout {
  readonly workers: number;
  readonly threads: number;
}

/** Each worker holds every variant in its memory, so more of them than this cost more than they gain. */
const MAX_AUTO_WORKERS = 4;

/**
 * Fills in what the configuration leaves open: one thread a worker gives the most answers per second, so cores become
 * workers first and threads after. A GPU has one worker: its batches do the rest.
 */
export function layOutWorkers(
  wanted: { workers: number | 'auto'; threads: number | 'auto' },
  host: { cores: number; gpu: boolean },
): WorkerLayout {
  const auto = host.gpu ? 1 : Math.min(host.cores, MAX_AUTO_WORKERS);
  const workers = wanted.workers === 'auto' ? auto : wanted.workers;
  const threads =
    wanted.threads === 'auto' ? Math.max(1, Math.floor(host.cores / workers)) : wanted.threads;
  return { workers, threads };
}
