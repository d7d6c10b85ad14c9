import type { FieldIssue } from '../errors.js';

/** What any build is asked for. */
interface WantedVariant {
  /** Made from parent and recipe where absent. */
  readonly name: string | undefined;
  /** Whether it is kept on disk and in the manifest. */
  readonly keep: boolean;
  /** Whether it serves as soon as it is ready. */
  readonly activate: boolean;
}

export interface BuildRequest extends WantedVariant {
  readonly parent: string;
  readonly recipe: Readonly<Record<string, unknown>>;
}

export interface FitRequest extends WantedVariant {
  readonly parent: string | undefined;
  readonly tokens: number;
  readonly maxMs: number;
  readonly minAgreement: number;
}

export type BuildEnd = 'ready' | 'active' | 'cancelled' | 'failed' | 'gate_failed';
export type BuildState = 'queued' | 'building' | 'gating' | 'warming' | BuildEnd;

/** How a build is, for those who asked for it. */
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
  readonly error:
    | { readonly code: string; readonly detail: string; readonly errors?: readonly FieldIssue[] }
    | undefined;
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
