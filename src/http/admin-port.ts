import type { FieldIssue } from '../errors.js';

export interface BuildRequest {
  readonly parent: string;
  /** Checked against what the parent can do before the build is queued. */
  readonly recipe: Readonly<Record<string, unknown>>;
  /** Made from parent and recipe where absent. */
  readonly name: string | undefined;
  /** Whether it is kept on disk and in the manifest, so that the next start has it. */
  readonly keep: boolean;
  /** Whether it serves as soon as it is ready. */
  readonly activate: boolean;
}

export interface FitRequest {
  /** Unknown or absent: the best variant that serves. */
  readonly parent: string | undefined;
  readonly tokens: number;
  readonly maxMs: number;
  readonly minAgreement: number;
  readonly name: string | undefined;
  readonly keep: boolean;
  readonly activate: boolean;
}

export type BuildState =
  | 'queued'
  | 'building'
  | 'gating'
  | 'warming'
  /** It is ready and was not asked to serve. */
  | 'ready'
  | 'active'
  | 'cancelled'
  | 'failed'
  | 'gate_failed';

/** A build as its caller sees it. */
export interface BuildView {
  readonly id: string;
  readonly kind: 'build' | 'fit';
  readonly name: string | undefined;
  readonly parent: string;
  readonly recipe: Readonly<Record<string, unknown>> | undefined;
  readonly state: BuildState;
  /** 0 to 1. */
  readonly progress: number;
  readonly agreement: number | undefined;
  /** Of an invalid recipe `errors` point into the recipe: `/layers/0`. */
  readonly error:
    | { readonly code: string; readonly detail: string; readonly errors?: readonly FieldIssue[] }
    | undefined;
  /** What a fit saw, fastest first; each measured on this host. */
  readonly front:
    | readonly {
        readonly recipe: Readonly<Record<string, unknown>>;
        readonly ms: number;
        readonly agreement: number;
        readonly sizeBytes: number;
        readonly fits: boolean;
      }[]
    | undefined;
  /** Of a build that was made; `totalMs` is from the request until the variant was ready. */
  readonly timing:
    | {
        readonly buildMs: number;
        readonly gateMs: number;
        readonly warmMs: number;
        readonly totalMs: number;
      }
    | undefined;
  /** Of the processes that made it. */
  readonly peakMemoryBytes: number | undefined;
  readonly requestedAt: string;
  readonly finishedAt: string | undefined;
}

/** The states in which nothing more happens. */
const ENDS: readonly BuildState[] = ['ready', 'active', 'cancelled', 'failed', 'gate_failed'];

export function hasEnded({ state }: Pick<BuildView, 'state'>): boolean {
  return ENDS.includes(state);
}

/**
 * All that HTTP needs of the making and unmaking of variants. Methods throw GatewayError; pointers of validation_failed
 * are into the body of the request: `/recipe/layers/0`, `/name`, `/directory`.
 */
export interface AdminPort {
  /** Throws unknown_variant, conflict (name taken), validation_failed (recipe), build_queue_full. */
  requestBuild(request: BuildRequest): BuildView;
  requestFit(request: FitRequest): BuildView;
  /** Throws not_found. */
  build(id: string): BuildView;
  builds(): readonly BuildView[];
  /** Calls back at every change until the build has ended or the returned function is called. Throws not_found. */
  watchBuild(id: string, onChange: (view: BuildView) => void): () => void;
  /** Throws not_found; conflict if it has ended. */
  cancelBuild(id: string): BuildView;
  /** Loads it if need be and lets it serve. Rejects with not_found, conflict. */
  activate(name: string): Promise<void>;
  /** No new work for it; resolves when no worker holds it. Rejects with not_found, conflict (the last one that serves). */
  retire(name: string): Promise<void>;
  /** Retires and forgets it, files of a kept one included; a variant that came with the models folder is only retired and taken from the manifest if `keep` made it. Rejects with not_found, conflict. */
  remove(name: string): Promise<void>;
  /** Takes a Hugging Face style folder below the models folder in. Rejects with validation_failed, conflict. */
  addModel(request: {
    readonly directory: string;
    readonly name: string | undefined;
  }): Promise<{ readonly name: string }>;
}
