import { runTimeMs } from '../../src/scheduling/latency-profile.js';
import type { OnMiss, SchedulableVariant } from '../../src/scheduling/task.js';
import type { TextShape } from './text-shapes.js';

/** The host that is simulated. */
export interface VirtualHost {
  /** Best first, with the profiles of bare runs. */
  readonly variants: readonly SchedulableVariant[];
  readonly workers: number;
  /** Of each run. */
  readonly overheadMs: number;
  readonly onMiss: OnMiss;
}

/** Requests/s of such texts that all workers answer with this variant, one by one, without a pause. */
export function capacityOf(
  { profile }: SchedulableVariant,
  { workers, overheadMs }: VirtualHost,
  texts: readonly TextShape[],
): number {
  const sumMs = texts.reduce((sum, { tokens }) => sum + runTimeMs(profile, 1, tokens), 0);
  return (1000 * workers) / (sumMs / texts.length + overheadMs);
}

/** The variant of the greatest capacity. */
export function fastestOf(host: VirtualHost, texts: readonly TextShape[]): SchedulableVariant {
  return host.variants.reduce((fastest, variant) =>
    capacityOf(variant, host, texts) > capacityOf(fastest, host, texts) ? variant : fastest,
  );
}
