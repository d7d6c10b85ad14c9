import type { Step } from '../progress.js';
import { findCapacity, type FoundCapacity } from './find-capacity.js';
import { loadIds, loadNames, planLoad, secondsOf, sweepName, type LoadId } from './loads.js';
import { measureLoad, type MeasuredLoad, type MeasureOptions } from './measure-load.js';
import { loadSeconds, type OverloadFlags } from './overload-flags.js';

/** Where the capacity is not known there are no loads. */
export interface OverloadRound extends FoundCapacity {
  loads: Partial<Record<LoadId, MeasuredLoad>>;
}

/** What a round is to do, for the progress bar. */
export function stepsOf(flags: OverloadFlags, round: number): Step[] {
  const seconds = loadSeconds(flags);
  return [
    { label: labelOf(round, 'closed loop'), seconds: flags.warmup + flags['sweep-seconds'] },
    ...flags.sweep.toSorted((a, b) => a - b).map((percent) => sweepStep(percent, { flags, round })),
    ...loadIds.map((id) => ({
      label: labelOf(round, loadNames[id]),
      seconds: flags.warmup + secondsOf(id, seconds),
    })),
  ];
}

interface RoundOptions extends MeasureOptions {
  flags: OverloadFlags;
  round: number;
  /** Begins a step: the next one of `stepsOf`, or another. */
  next: (unplanned?: Step) => void;
}

/** Finds the capacity, then measures the loads that follow from it. */
export async function measureRound(options: RoundOptions): Promise<OverloadRound> {
  const { flags, round, next } = options;
  // Loads differ from each other; with the same seed they are the same in another run.
  let seed = flags.seed + 1000 * round;
  const measure = (load: Parameters<typeof measureLoad>[0]) =>
    measureLoad(load, { ...options, seed: seed++ });

  next();
  const { estimatePerSecond, sweep, capacity } = await findCapacity(options, {
    measure,
    beforeRate: (percent, planned) =>
      next(planned ? undefined : sweepStep(percent, { flags, round })),
  });
  const loads: OverloadRound['loads'] = {};
  if (capacity !== undefined) {
    for (const id of loadIds) {
      next();
      const { perSecond } = capacity;
      loads[id] = await measure(planLoad(id, { perSecond, seconds: loadSeconds(flags) }));
    }
  }
  return { estimatePerSecond, sweep, capacity, loads };
}

function labelOf(round: number, what: string): string {
  return `round ${round + 1}, ${what}`;
}

function sweepStep(
  percent: number,
  { flags, round }: { flags: OverloadFlags; round: number },
): Step {
  return {
    label: labelOf(round, sweepName(percent)),
    seconds: flags.warmup + flags['sweep-seconds'],
  };
}
