import type { NerOutcome, NerRequest } from '../gateway/ner-request.js';

export interface CalibrationFacts {
  readonly temperature: number;
  readonly expectedCalibrationError: {
    readonly entity: { readonly test: { readonly after: number } };
  };
}

/** A variant as the gateway knows it; no card where it could not be read. */
export interface VariantFacts {
  readonly name: string;
  readonly state:
    'requested' | 'building' | 'gated' | 'loading' | 'warm' | 'active' | 'retired' | 'failed';
  readonly card:
    | {
        readonly description: string;
        readonly parent: string | null;
        readonly recipe: { readonly precision: string };
        readonly quality: {
          readonly value: number;
          readonly source: 'measured' | 'estimated';
        } | null;
        readonly labels: readonly string[];
        readonly parameters: number;
        readonly sizeBytes: number;
        readonly sha256: string;
        readonly calibration?: CalibrationFacts | undefined;
      }
    | undefined;
  readonly provider: string | undefined;
  readonly profile: { readonly a: number; readonly b: number; readonly c: number } | undefined;
  readonly detail: string | undefined;
}

export interface ExperimentFacts {
  readonly name: string;
  readonly share: number;
  readonly arms: readonly {
    readonly name: string;
    readonly variant: string;
    readonly weight: number;
    readonly requests: number;
    readonly budgets_met: number;
    readonly latency_ms: Readonly<Record<'p50' | 'p90' | 'p99', number | null>>;
    readonly entities: Readonly<Record<string, number>>;
  }[];
}

export interface ReadinessFacts {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly variants: readonly Pick<VariantFacts, 'name' | 'state' | 'detail'>[];
  readonly executionProvider: {
    readonly requested: string;
    readonly active: string;
    readonly detail: string | undefined;
  };
  readonly workerLayout:
    | {
        readonly workers: number;
        readonly threads: number;
        readonly chosenBy: 'configuration' | 'measurement' | 'rule';
      }
    | undefined;
}

/** All that HTTP needs of the gateway; the seam at which tests put another one. */
export interface GatewayPort {
  /** Rejects with a GatewayError where the whole request fails, or with the signal's reason. */
  handle(request: NerRequest): Promise<readonly NerOutcome[]>;
  variants(): readonly VariantFacts[];
  experiments(): readonly ExperimentFacts[];
  readiness(): ReadinessFacts;
}
