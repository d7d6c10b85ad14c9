import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { FitJob, FitOutcome, FitProgress, RunningFit, StartFit } from './fit-job.js';

type Fitted = Extract<FitOutcome, { kind: 'fitted' }>;
type Jobs = readonly [FitJob, ...FitJob[]];

interface Best {
  readonly outcome: Fitted;
  readonly quality: number;
  readonly dir: string;
}

/**
 * Fits of several parents for one goal, one after the other: of what they find, what has the best quality by its card is
 * kept. A parent whose own quality is no better than that of what was found is left out. Where the first parent itself
 * is fast enough, nothing is made.
 */
export function fitOfSeveral(
  startFit: StartFit,
  jobs: Jobs,
  onProgress: (progress: FitProgress) => void,
): RunningFit {
  if (jobs.length === 1) return startFit(jobs[0], onProgress);
  const fit = new FitOfSeveral(startFit, jobs, onProgress);
  return { done: fit.run(), cancel: () => fit.cancel() };
}

class FitOfSeveral {
  #running: RunningFit | undefined;
  #cancelled = false;
  #best: Best | undefined;

  constructor(
    private readonly startFit: StartFit,
    private readonly jobs: Jobs,
    private readonly onProgress: (progress: FitProgress) => void,
  ) {}

  cancel(): void {
    this.#cancelled = true;
    this.#running?.cancel();
  }

  async run(): Promise<FitOutcome> {
    try {
      const outcomes: FitOutcome[] = [];
      for (const [index, job] of this.jobs.entries()) {
        if (this.#cancelled) return { kind: 'cancelled' };
        if ((job.parent.quality?.value ?? 1) <= (this.#best?.quality ?? -1)) continue;
        const outcome = await this.#fit(job, index);
        if (outcome.kind === 'cancelled' || (index === 0 && isFastEnough(outcome))) return outcome;
        outcomes.push(outcome);
      }
      return this.#best === undefined ? this.#noneOf(outcomes) : await this.#keep(this.#best);
    } catch (error) {
      return { kind: 'failed', code: 'internal', detail: (error as Error).message };
    }
  }

  async #fit(job: FitJob, index: number): Promise<FitOutcome> {
    const dir = path.join(job.outputDir, `parent-${index + 1}`);
    await mkdir(dir);
    this.#running = this.startFit({ ...job, outputDir: dir }, (progress) =>
      this.onProgress({ ...progress, share: (index + progress.share) / this.jobs.length }),
    );
    const outcome = await this.#running.done;
    if (outcome.kind === 'fitted') {
      const { card, measurement } = outcome.built;
      const quality = card.quality?.value ?? measurement.agreement;
      if (quality > (this.#best?.quality ?? -1)) this.#best = { outcome, quality, dir };
    }
    return outcome;
  }

  async #keep({ outcome, dir }: Best): Promise<FitOutcome> {
    const { outputDir } = this.jobs[0];
    const { built } = outcome;
    for (const file of [built.card.file, 'card.json']) {
      await rename(path.join(dir, file), path.join(outputDir, file));
    }
    for (const index of this.jobs.keys()) {
      await rm(path.join(outputDir, `parent-${index + 1}`), { recursive: true, force: true });
    }
    const modelPath = path.join(outputDir, built.card.file);
    return { ...outcome, built: { ...built, modelPath } };
  }

  /** Of the first parent, with what the others had to say where it found nothing. */
  #noneOf(outcomes: readonly FitOutcome[]): FitOutcome {
    const first = outcomes[0]!;
    if (first.kind !== 'nothing_chosen') return first;
    const others = outcomes.slice(1).flatMap((outcome, index) => {
      if (outcome.kind !== 'nothing_chosen') return [];
      return [`; of ${this.jobs[index + 1]!.parent.name}: ${outcome.detail}`];
    });
    return { ...first, detail: `${first.detail}${others.join('')}` };
  }
}

function isFastEnough(outcome: FitOutcome): boolean {
  return outcome.kind === 'nothing_chosen' && outcome.reason === 'parent_fits';
}
