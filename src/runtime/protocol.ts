/** The messages between the gateway and a worker process. Both sides import this file and share nothing else. */

export type Provider = 'cpu' | 'cuda';

/** What a worker must know to load a variant. */
export interface LoadVariant {
  readonly name: string;
  readonly path: string;
  /** Expected digest of the file; the worker hashes the very bytes that it loads. */
  readonly sha256: string;
  readonly labelCount: number;
  readonly padId: number;
  /** Preferred first; a worker that cannot use one takes the next. */
  readonly providers: readonly Provider[];
  readonly threads: number;
}

/** A batch for the model: the token ids of all jobs one after the other, special tokens included, unpadded. */
export interface BatchInput {
  readonly variant: string;
  readonly lengths: Int32Array;
  readonly ids: Int32Array;
  readonly caseTypes: Uint8Array;
}

/** Logits of all jobs one after the other, `(length - 2) * labelCount` each: those of the special tokens are dropped. */
export interface BatchOutput {
  readonly logits: Float32Array;
  readonly runMs: number;
}

export type LoadFailure = 'missing' | 'sha256_mismatch' | 'provider_unavailable' | 'invalid_model';

export type ToWorker =
  | { readonly type: 'load'; readonly variants: readonly LoadVariant[] }
  | { readonly type: 'run'; readonly id: number; readonly input: BatchInput }
  | { readonly type: 'exit' };

export type FromWorker =
  | { readonly type: 'up'; readonly runtimeVersion: string }
  | { readonly type: 'variant_loaded'; readonly name: string; readonly provider: Provider }
  | {
      readonly type: 'variant_failed';
      readonly name: string;
      readonly failure: LoadFailure;
      readonly detail: string;
    }
  | { readonly type: 'loaded' }
  | { readonly type: 'result'; readonly id: number; readonly output: BatchOutput }
  | { readonly type: 'run_failed'; readonly id: number; readonly detail: string };
