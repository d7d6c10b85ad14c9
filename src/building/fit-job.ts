import type { FieldIssue } from '../errors.js';
import type { Recipe } from '../compress/recipe.js';
import type { BuildJob, BuildOutcome, BuildProgress } from './build-job.js';

/** The best recipe for this host is to be found, by building and measuring candidates. */
export interface FitJob extends Omit<BuildJob, 'recipe' | 'minAgreement'> {
  /** Of the window whose run time counts. */
  readonly tokens: number;
  /** That such a run may take, alone on a worker. */
  readonly maxMs: number;
  /** With the parent; what agrees less is not chosen. */
  readonly minAgreement: number;
  /** Run time of the parent at `tokens`, where it is known; else it is measured first. */
  readonly parentMs?: number;
  /** Waited for before each build, so that others may have the host first. */
  readonly turn?: () => Promise<void>;
}

export interface FitProgress extends BuildProgress {
  readonly recipe: Recipe;
  /** Builds that were started, this one included. */
  readonly builds: number;
  readonly maxBuilds: number;
}

/** A recipe that was built and measured. */
export interface FitPoint {
  /** Empty: the parent as it is. */
  readonly recipe: Recipe;
  readonly ms: number;
  readonly agreement: number;
  readonly sizeBytes: number;
  /** Fast enough, and close enough to its parent. */
  readonly fits: boolean;
}

export type FitOutcome =
  | {
      readonly kind: 'fitted';
      readonly recipe: Recipe;
      /** As of a build of that recipe alone; its files are in the job's folder. */
      readonly built: Extract<BuildOutcome, { kind: 'built' }>;
      /** Those that no other beats in both time and agreement, fastest first. */
      readonly front: readonly FitPoint[];
      readonly builds: number;
    }
  | {
      readonly kind: 'nothing_chosen';
      /** Whether nothing smaller is needed, or nothing found that fits. */
      readonly reason: 'parent_fits' | 'none_fits';
      readonly detail: string;
      readonly front: readonly FitPoint[];
      readonly builds: number;
    }
  | {
      readonly kind: 'failed';
      readonly code: Extract<BuildOutcome, { kind: 'failed' }>['code'];
      readonly detail: string;
      readonly issues?: readonly FieldIssue[];
    }
  | { readonly kind: 'cancelled' };

/** A fit under way in processes of its own, one build after the other. */
export interface RunningFit {
  /** Never rejects. What it wrote is left to the caller, whatever the outcome. */
  readonly done: Promise<FitOutcome>;
  cancel(): void;
}

export type StartFit = (job: FitJob, onProgress: (progress: FitProgress) => void) => RunningFit;
