import { loadNer } from '../ner-load.js';
import { tally } from '../statistics.js';
import { capacityOf, sweepRates, type Capacity, type SweepLoad } from './capacity.js';
import { planSweepLoad, type PlannedLoad } from './loads.js';
import type { MeasuredLoad, MeasureOptions } from './measure-load.js';
import type { OverloadFlags } from './overload-flags.js';

export interface FoundCapacity {
  /** Answers per second of the closed loop, late ones too. */
  estimatePerSecond: number;
  sweep: SweepLoad[];
  /** Undefined where all loads that look for it were sent late. */
  capacity: Capacity | undefined;
}

interface CapacityOptions extends MeasureOptions {
  flags: MeasureOptions['flags'] & Pick<OverloadFlags, 'connections' | 'sweep' | 'sweep-seconds'>;
}

interface Sweep {
  measure: (load: PlannedLoad) => Promise<MeasuredLoad>;
  /** Called before each rate, in % of the estimate; one that was not planned follows from those before it. */
  beforeRate: (percent: number, planned: boolean) => void;
}

/** Estimates by a closed loop what the gateway can do, then looks around that for the peak of goodput. */
export async function findCapacity(
  options: CapacityOptions,
  { measure, beforeRate }: Sweep,
): Promise<FoundCapacity> {
  const { flags } = options;
  const estimatePerSecond = await estimateThroughput(options);
  const sweep = await sweepRates(flags.sweep, (percent, planned) => {
    beforeRate(percent, planned);
    return measure(planSweepLoad(percent, { estimatePerSecond, seconds: flags['sweep-seconds'] }));
  });
  return { estimatePerSecond, sweep, capacity: capacityOf(sweep) };
}

/** Answers per second of a closed loop, late ones too; throws where there is none. */
async function estimateThroughput({ url, corpus, flags }: CapacityOptions): Promise<number> {
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
