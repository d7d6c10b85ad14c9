import { isInTime } from '../answer.js';
import { loadNer } from '../ner-load.js';
import type { Step } from '../progress.js';
import { capacityOf, sweepRates, type Capacity, type SweepLoad } from './capacity.js';
import { loadIds, loadNames, planLoad, planSweepLoad, secondsOf, type LoadId } from './loads.js';
import { measureLoad, type MeasuredLoad, type MeasureOptions } from './measure-load.js';
import { loadSeconds, type OverloadFlags } from './overload-flags.js';

export interface OverloadRound {
  /** Goodput of the closed loop. */
  estimatePerSecond: number;
  sweep: SweepLoad[];
  /** Undefined where all loads that look for it were sent late; there are no others then. */
  capacity: Capacity | undefined;
  loads: Partial<Record<LoadId, MeasuredLoad>>;
}

/** What a round is to do, for the progress bar. */
export function stepsOf(flags: OverloadFlags, round: number): Step[] {
  const label = (what: string) => `round ${round + 1}, ${what}`;
  const seconds = loadSeconds(flags);
  return [
    { label: label('closed loop'), seconds: flags.warmup + flags['sweep-seconds'] },
    ...flags.sweep.toSorted((a, b) => a - b).map((percent) => sweepStep(flags, percent)),
    ...loadIds.map((id) => ({
      label: label(loadNames[id]),
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
  const estimatePerSecond = await estimateGoodput(options);
  const sweep = await sweepRates(flags.sweep, (percent, planned) => {
    next(planned ? undefined : sweepStep(flags, percent));
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

/** Answers in time per second of a closed loop; throws where there is none. */
async function estimateGoodput({ url, corpus, flags }: MeasureOptions): Promise<number> {
  const { budgets, connections, warmup: warmupSeconds, variant } = flags;
  const { answers, seconds } = await loadNer({
    ...{ url, corpus, connections, warmupSeconds, seconds: flags['sweep-seconds'], cache: false },
    fields: (sequence) => ({
      latency_budget_ms: budgets[sequence % budgets.length],
      on_miss: flags['on-miss'],
      variant,
    }),
  });
  const inTime = answers.filter(
    (answer) => answer.budgetMs !== undefined && isInTime(answer, answer.budgetMs),
  );
  if (inTime.length === 0) {
    throw new Error(
      `No capacity: none of ${answers.length} requests in a closed loop was answered within its budget. ` +
        'Allow longer --budgets, or pin a faster --variant.',
    );
  }
  return inTime.length / seconds;
}

function sweepStep(flags: OverloadFlags, percent: number): Step {
  return { label: `${percent} % of the estimate`, seconds: flags.warmup + flags['sweep-seconds'] };
}
