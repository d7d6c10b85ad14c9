import { loadNer } from '../ner-load.js';
import type { Step } from '../progress.js';
import { tally } from '../statistics.js';
import { capacityOf, sweepRates, type Capacity, type SweepLoad } from './capacity.js';
import {
  loadIds,
  loadNames,
  planLoad,
  planSweepLoad,
  secondsOf,
  sweepName,
  type LoadId,
} from './loads.js';
import { measureLoad, type MeasuredLoad, type MeasureOptions } from './measure-load.js';
import { loadSeconds, type OverloadFlags } from './overload-flags.js';

export interface OverloadRound {
  /** Answers per second of the closed loop, late ones too. */
  estimatePerSecond: number;
  sweep: SweepLoad[];
  /** Undefined where all loads that look for it were sent late; there are no others then. */
  capacity: Capacity | undefined;
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
  const estimatePerSecond = await estimateThroughput(options);
  const sweep = await sweepRates(flags.sweep, (percent, planned) => {
    next(planned ? undefined : sweepStep(percent, { flags, round }));
    const seconds = flags['sweep-seconds'];
    return measure(planSweepLoad(percent, { estimatePerSecond, seconds }));
  });
  const capacity = capacityOf(sweep);
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

/** Answers per second of a closed loop, late ones too; throws where there is none. */
async function estimateThroughput({ url, corpus, flags }: MeasureOptions): Promise<number> {
  const { budgets, connections, warmup: warmupSeconds, variant } = flags;
  const { answers, seconds } = await loadNer({
    ...{ url, corpus, connections, warmupSeconds, seconds: flags['sweep-seconds'], cache: false },
    fields: (sequence) => ({
      latency_budget_ms: budgets[sequence % budgets.length],
      // Refused connections would ask again at once, and refusing them would be what is measured.
      on_miss: 'degrade',
      variant,
    }),
  });
  const codes = tally(answers.map(({ code }) => code));
  if (codes.ok === undefined) {
    const told = Object.entries(codes).map(([code, count]) => `${count} x ${code}`);
    throw new Error(`No capacity: a closed loop had no answer with entities (${told.join(', ')}).`);
  }
  return codes.ok / seconds;
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
