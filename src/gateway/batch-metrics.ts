import type { Scheduler } from '../scheduling/scheduler.js';
import type { Batch } from '../scheduling/task.js';
import type { Metrics } from '../telemetry/metrics.js';

/** Counts a batch that starts; `lengths` are the tokens of its windows. */
export function recordStart(batch: Batch, lengths: Int32Array, metrics: Metrics): void {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  metrics.batchJobs.observe(batch.jobs.length);
  metrics.batchPaddingRatio.observe(1 - tokens / (batch.jobs.length * batch.length));
}

/** Compares a batch that ended after `measuredMs` with its prediction, and shows what the scheduler makes of it. */
export function recordEnd(
  { batch, measuredMs }: { batch: Batch; measuredMs: number },
  scheduler: Scheduler,
  metrics: Metrics,
): void {
  const { variant, predictedMs } = batch;
  metrics.predictionErrorRatio.observe({ variant }, measuredMs / predictedMs);
  metrics.slowdownRatio.set(scheduler.slowdown());
  metrics.priceOfTime.set(scheduler.price());
}
