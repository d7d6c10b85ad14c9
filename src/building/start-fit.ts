import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { runTimeMs } from '../scheduling/latency-profile.js';
import type { BuildOutcome, RunningBuild } from './build-job.js';
import { precisionOfCard } from './card-recipe.js';
import { frontOf } from './fit-front.js';
import type { FitJob, FitOutcome, FitPoint, FitProgress, RunningFit, StartFit } from './fit-job.js';
import { FitPlan, type Candidate } from './fit-plan.js';
import { startBuild } from './start-build.js';

type Built = Extract<BuildOutcome, { kind: 'built' }>;
type Precision = Candidate['precision'];

const MAX_BUILDS = 12;
/** Beyond it no further build is started; what was found by then counts. */
const MAX_FIT_MS = 120_000;

/**
 * Finds the recipe that agrees most with the parent among those that take at most `maxMs` on this host, by building,
 * gating and measuring up to twelve, one after the other, each as startBuild does it; about one to three seconds each
 * for a model of 90 MB, and no new one after two minutes.
 */
export const startFit: StartFit = (job, onProgress): RunningFit => {
  const fit = new Fit(job, onProgress);
  return { done: fit.run(), cancel: () => fit.cancel() };
};

class Fit {
  readonly #job: Omit<FitJob, 'turn'>;
  readonly #turn: FitJob['turn'];
  readonly #onProgress: (progress: FitProgress) => void;
  readonly #plan: FitPlan;
  readonly #points: FitPoint[] = [];
  #building: RunningBuild | undefined;
  #cancelled = false;
  #builds = 0;
  #best: { readonly built: Built; readonly point: FitPoint; readonly dir: string } | undefined;

  constructor({ turn, ...job }: FitJob, onProgress: (progress: FitProgress) => void) {
    this.#job = job;
    this.#turn = turn;
    this.#onProgress = onProgress;
    const precisions = precisionsOf(job);
    this.#plan = new FitPlan(job, { elastic: job.parent.elastic, precisions });
  }

  cancel(): void {
    this.#cancelled = true;
    this.#building?.cancel();
  }

  async run(): Promise<FitOutcome> {
    try {
      return (await this.#measureParent()) ?? (await this.#search()) ?? (await this.#choose());
    } catch (error) {
      return { kind: 'failed', code: 'internal', detail: (error as Error).message };
    }
  }

  /** An outcome where nothing smaller is needed. */
  async #measureParent(): Promise<FitOutcome | undefined> {
    const { parent, parentMs, maxMs, tokens } = this.#job;
    let point: FitPoint;
    if (parentMs !== undefined) {
      const { sizeBytes } = parent;
      point = { recipe: {}, ms: parentMs, agreement: 1, sizeBytes, fits: parentMs <= maxMs };
    } else {
      const outcome = await this.#build({});
      if (outcome.kind !== 'built') return asFailure(outcome);
      point = this.#pointOf({}, outcome);
      await this.#discard(outcome);
    }
    this.#points.push(point);
    if (point.ms > maxMs) return undefined;
    return {
      kind: 'nothing_chosen',
      reason: 'parent_fits',
      detail: `${parent.name} itself takes ${point.ms.toFixed(2)} ms for ${tokens} tokens here, so that nothing smaller is needed`,
      front: this.#front(),
      builds: this.#builds,
    };
  }

  /** An outcome where the search had to end. */
  async #search(): Promise<FitOutcome | undefined> {
    const startedAt = performance.now();
    while (this.#builds < MAX_BUILDS && performance.now() - startedAt < MAX_FIT_MS) {
      const candidate = this.#plan.next();
      if (candidate === undefined) break;
      const outcome = await this.#build(candidate.recipe);
      if (outcome.kind === 'built') {
        const point = this.#pointOf(candidate.recipe, outcome);
        this.#points.push(point);
        this.#plan.tell(candidate, point, layersOf(outcome));
        await this.#keepIfBest(outcome, point);
      } else if (isOfThisRecipe(outcome)) {
        this.#plan.tell(candidate, undefined, undefined);
      } else {
        return asFailure(outcome);
      }
    }
    return undefined;
  }

  async #choose(): Promise<FitOutcome> {
    const { outputDir, maxMs, minAgreement, tokens } = this.#job;
    const front = this.#front();
    const builds = this.#builds;
    if (this.#best === undefined) {
      const detail = noneFits(this.#points, { maxMs, minAgreement, tokens });
      return { kind: 'nothing_chosen', reason: 'none_fits', detail, front, builds };
    }
    const { built, point, dir } = this.#best;
    for (const file of [built.card.file, 'card.json']) {
      await rename(path.join(dir, file), path.join(outputDir, file));
    }
    await rm(dir, { recursive: true });
    const modelPath = path.join(outputDir, built.card.file);
    return { kind: 'fitted', recipe: point.recipe, built: { ...built, modelPath }, front, builds };
  }

  async #build(recipe: Candidate['recipe']): Promise<BuildOutcome> {
    const done = this.#builds;
    const outputDir = path.join(this.#job.outputDir, `candidate-${done + 1}`);
    await mkdir(outputDir);
    await this.#turn?.();
    if (this.#cancelled) return { kind: 'cancelled' };
    this.#builds += 1;
    // All are measured, so that those which agree too little can be shown and ruled out by their figures.
    this.#building = startBuild({ ...this.#job, recipe, outputDir, minAgreement: 0 }, (progress) =>
      this.#onProgress({
        ...progress,
        share: (done + progress.share) / MAX_BUILDS,
        recipe,
        builds: this.#builds,
        maxBuilds: MAX_BUILDS,
      }),
    );
    const outcome = await this.#building.done;
    if (outcome.kind !== 'built') await rm(outputDir, { recursive: true, force: true });
    return outcome;
  }

  #pointOf(recipe: Candidate['recipe'], { card, measurement }: Built): FitPoint {
    const { tokens, maxMs, minAgreement } = this.#job;
    const ms = runTimeMs(measurement.profile, 1, tokens);
    const { agreement } = measurement;
    const fits = ms <= maxMs && agreement >= minAgreement;
    return { recipe, ms, agreement, sizeBytes: card.sizeBytes, fits };
  }

  async #keepIfBest(built: Built, point: FitPoint): Promise<void> {
    const before = this.#best;
    const isBest = point.fits && (before === undefined || point.agreement > before.point.agreement);
    if (isBest) this.#best = { built, point, dir: path.dirname(built.modelPath) };
    const worse = isBest ? before?.built : built;
    if (worse !== undefined) await this.#discard(worse);
  }

  async #discard({ modelPath }: Built): Promise<void> {
    await rm(path.dirname(modelPath), { recursive: true });
  }

  #front(): FitPoint[] {
    return frontOf(this.#points);
  }
}

/** Those worth trying on this host; one that is quantized, or computes in halves, keeps its precision. */
function precisionsOf({ parent, providers }: Omit<FitJob, 'turn'>): Precision[] {
  const precision = precisionOfCard(parent);
  const isFloat = precision === undefined || precision === 'fp32' || precision === 'fp16-stored';
  if (!isFloat) return [undefined];
  return providers?.[0] === 'cuda' ? ['fp16-compute'] : ['int8', 'w8'];
}

/** Of an uncut build: the layers that were recognised in the parent. */
function layersOf({ card }: Built): number {
  const { layers } = card.recipe;
  return Array.isArray(layers) ? layers.length : 0;
}

/** Whether another recipe may still do. */
function isOfThisRecipe(outcome: BuildOutcome): boolean {
  if (outcome.kind === 'failed') return outcome.code === 'invalid_recipe';
  return outcome.kind === 'gate_failed';
}

function asFailure(outcome: Exclude<BuildOutcome, Built>): FitOutcome {
  if (outcome.kind !== 'gate_failed') return outcome;
  return { kind: 'failed', code: 'invalid_model', detail: `the parent: ${outcome.detail}` };
}

function noneFits(
  points: readonly FitPoint[],
  { maxMs, minAgreement, tokens }: Pick<FitJob, 'maxMs' | 'minAgreement' | 'tokens'>,
): string {
  const fast = points.filter(({ ms }) => ms <= maxMs);
  if (fast.length === 0) {
    const ms = Math.min(...points.map((point) => point.ms)).toFixed(2);
    return `the fastest of ${points.length} recipes takes ${ms} ms for ${tokens} tokens here, and ${maxMs} ms are allowed`;
  }
  const agreement = Math.max(...fast.map((point) => point.agreement)).toFixed(4);
  return (
    `of the recipes that take at most ${maxMs} ms for ${tokens} tokens here, none agrees with its parent by more than ` +
    `F1 ${agreement}, and ${minAgreement} is asked for; allow more time, or take a parent that was trained to be cut`
  );
}
