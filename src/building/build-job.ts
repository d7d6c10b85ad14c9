import type { FieldIssue } from '../errors.js';
import type { Recipe } from '../compress/recipe.js';
import type { Card } from '../registry/card.js';
import type { Measurement } from '../registry/measurement-store.js';
import type { Provider } from '../runtime/protocol.js';

/** A variant to be made of another: compressed, checked and measured, all outside of the gateway's process. */
export interface BuildJob {
  readonly name: string;
  readonly parent: Card;
  readonly parentModelPath: string;
  /** The tokenizer.json that parent and child share. */
  readonly tokenizerPath: string;
  readonly recipe: Recipe;
  /** An empty folder; model.onnx and card.json are written here and nowhere else. */
  readonly outputDir: string;
  /** Entity F1 of the new variant's answers against its parent's, on the parent's reference sentences; below it the gate fails. */
  readonly minAgreement: number;
  /** Of a session, as the gateway's workers have them. */
  readonly threads: number;
  /** Where the gate runs it, preferred first; the CPU where absent. */
  readonly providers?: readonly Provider[];
  /** A builder that grows beyond this is killed. */
  readonly maxMemoryBytes: number;
}

export interface BuildProgress {
  readonly state: 'building' | 'gating';
  /** Of the whole build, 0 to 1. */
  readonly share: number;
}

export type BuildOutcome =
  | {
      readonly kind: 'built';
      readonly card: Card;
      readonly modelPath: string;
      /**
       * Its agreement is with the parent's answers. With those on its own card it is 1: whoever keeps the measurement
       * for the next start keeps it so.
       */
      readonly measurement: Measurement;
      /** Reading, compressing and writing, without the start of the process. */
      readonly buildMs: number;
      readonly gateMs: number;
      /** Of the builder and the gate's process together. */
      readonly peakMemoryBytes: number;
    }
  /** It was made, but it does not load, gives no finite numbers or agrees too little with its parent. */
  | {
      readonly kind: 'gate_failed';
      readonly detail: string;
      readonly agreement: number | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly code: 'invalid_recipe' | 'invalid_model' | 'storage_full' | 'killed' | 'internal';
      readonly detail: string;
      /** Of an invalid recipe, one a field. */
      readonly issues?: readonly FieldIssue[];
    }
  | { readonly kind: 'cancelled' };

/** A build under way in processes of its own. */
export interface RunningBuild {
  /** Never rejects. What it wrote is left to the caller, whatever the outcome. */
  readonly done: Promise<BuildOutcome>;
  /** Ends its processes; `done` resolves as cancelled. */
  cancel(): void;
}

export type StartBuild = (
  job: BuildJob,
  onProgress: (progress: BuildProgress) => void,
) => RunningBuild;
