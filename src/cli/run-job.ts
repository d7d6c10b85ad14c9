import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BuildBar } from './build-bar.js';

interface RunningJob<Outcome> {
  readonly done: Promise<Outcome>;
  cancel(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a build or a fit with a bar and a folder of its own, which is gone afterwards; a signal cancels it. `use` gets
 * the outcome while what was written is there.
 */
export async function runJob<Outcome, Progress>(
  {
    start,
    show,
  }: {
    readonly start: (
      outputDir: string,
      onProgress: (progress: Progress) => void,
    ) => RunningJob<Outcome>;
    readonly show: (bar: BuildBar, progress: Progress) => void;
  },
  use: (outcome: Outcome, outputDir: string) => Promise<void>,
): Promise<void> {
  const outputDir = await mkdtemp(path.join(tmpdir(), 'entier-build-'));
  const bar = new BuildBar();
  let cancel: (() => void) | undefined;
  try {
    const running = start(outputDir, (progress) => show(bar, progress));
    cancel = () => running.cancel();
    for (const signal of SIGNALS) process.on(signal, cancel);
    const outcome = await running.done;
    bar.stop();
    await use(outcome, outputDir);
  } finally {
    bar.stop();
    for (const signal of SIGNALS) if (cancel !== undefined) process.off(signal, cancel);
    await rm(outputDir, { recursive: true, force: true });
  }
}
