/** The messages between the gateway and a builder process. */

import type { BuildJob, BuildOutcome, BuildProgress } from './build-job.js';

export interface ToBuilder {
  readonly type: 'build';
  readonly job: BuildJob;
  /** The compiled worker-host.js that the gate loads the new variant in. */
  readonly workerHostPath: string;
}

export type FromBuilder =
  /** The gate's process, whose memory counts too. */
  | { readonly type: 'gate_worker'; readonly pid: number }
  /** `rssBytes` is for systems where a parent cannot see it. */
  | { readonly type: 'progress'; readonly progress: BuildProgress; readonly rssBytes: number }
  | { readonly type: 'outcome'; readonly outcome: BuildOutcome };
