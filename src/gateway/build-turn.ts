import { setTimeout as delay } from 'node:timers/promises';
import { runTimeMs } from '../scheduling/latency-profile.js';
import type { ActiveVariant } from '../registry/variant-registry.js';
import { routingQuality } from '../registry/routing-quality.js';
import type { Scheduler } from '../scheduling/scheduler.js';

export interface BuildTurnOptions {
  readonly scheduler: Pick<Scheduler, 'price' | 'depth'>;
  readonly active: () => readonly ActiveVariant[];
  readonly now: () => number;
}

const TYPICAL_TOKENS = 32;
const LOOK_EVERY_MS = 50;
/** The queue of a busy gateway is empty now and then. */
const CALM_MS = 500;
/**
 * Builders have a low priority, so that beside busy workers they get about a tenth of what they would take: even under
 * lasting overload a build, which may be what ends it, is made in the end.
 */
const LONGEST_WAIT_MS = 30_000;

/**
 * Whether no quality is left to give up before requests are refused: time is so dear that a typical text gets the
 * cheapest variant, and work waits; or late work waits.
 */
export function isOverloaded({ scheduler, active }: Omit<BuildTurnOptions, 'now'>): boolean {
  const { jobs, lateJobs } = scheduler.depth();
  return lateJobs > 0 || (jobs > 0 && scheduler.price() > cheapestPrice(active()));
}

/** Resolves when a build may start: at once unless the gateway is overloaded, else when that is over, or after 30 s. */
export async function buildTurn(
  { now, ...load }: BuildTurnOptions,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = now();
  let busyAt = -Infinity;
  while (!signal.aborted && now() - startedAt < LONGEST_WAIT_MS) {
    if (isOverloaded(load)) busyAt = now();
    if (now() - busyAt >= CALM_MS) return;
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Above this price of time a typical text gets the cheapest variant of all. */
function cheapestPrice(active: readonly ActiveVariant[]): number {
  const points = active
    .map(({ card, profile }) => ({
      quality: routingQuality(card),
      ms: runTimeMs(profile, 1, TYPICAL_TOKENS),
    }))
    .sort((left, right) => left.ms - right.ms);
  const [cheapest, ...others] = points;
  const prices = others.map(({ quality, ms }) =>
    ms > cheapest!.ms ? (quality - cheapest!.quality) / (ms - cheapest!.ms) : 0,
  );
  return Math.max(0, ...prices);
}
