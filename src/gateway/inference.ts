import type { WorkDone } from './dispatcher.js';
import type { CascadeView, Decision } from './ner-request.js';

/** The logits to answer from, and how they came about. Instants are of the gateway's clock. */
export interface Inference extends Pick<WorkDone, 'variant' | 'logits' | 'dispatchMs'> {
  readonly reason: Decision;
  /** Of all stages whose answer came. */
  readonly runMs: number;
  /** When it was settled that this is the answer. */
  readonly settledAt: number;
  readonly cascade: CascadeView | undefined;
}

/** Of work that one variant did. */
export function inferenceOf(done: WorkDone, cascade?: CascadeView): Inference {
  const { variant, logits, reason, startedAt, finishedAt, dispatchMs } = done;
  const runMs = finishedAt - startedAt;
  return { variant, logits, reason, runMs, dispatchMs, settledAt: finishedAt, cascade };
}
