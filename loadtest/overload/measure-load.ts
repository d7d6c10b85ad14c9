import { answersTo } from '../answers-to.js';
import { profileSeconds } from '../arrivals/rate-profile.js';
import { planSchedule } from '../arrivals/schedule.js';
import type { CorpusSentence } from '../corpus/corpus.js';
import type { LatencyPercentiles } from '../latency-histogram.js';
import { loadResultOf, type LoadResult } from '../load-result.js';
import { recoveryOf, type Recovery } from '../recovery.js';
import { maxSendLagP99Ms as usualMax, sendLagOf } from '../send-lag.js';
import type { TimedAnswer } from '../timed-answer.js';
import type { SecondFigures } from '../timeline.js';
import type { PlannedLoad } from './loads.js';
import type { OverloadFlags } from './overload-flags.js';

type Rates = 'offeredPerSecond' | 'sentPerSecond' | 'answeredPerSecond' | 'goodputPerSecond';

export interface OverloadFigures extends Pick<
  LoadResult,
  Rates | 'all' | 'budgets' | 'refusalMs' | 'recovery'
> {
  /** Goodput by the word of the gateway alone. */
  byGatewayPerSecond: number;
  recoveryByGateway: Recovery | undefined;
  /** Of a load with a burst. */
  timeline: SecondFigures[] | undefined;
}

export interface MeasuredLoad {
  name: string;
  sendLagMs: LatencyPercentiles;
  /** Then it was not the load that it claims to be. */
  sentLate: boolean;
  /** Undefined where it was sent late. */
  figures: OverloadFigures | undefined;
}

export interface MeasureOptions {
  /** The gateway's address, without a path. */
  url: string;
  corpus: readonly CorpusSentence[];
  flags: Pick<OverloadFlags, 'budgets' | 'on-miss' | 'variant' | 'warmup'>;
  maxSendLagP99Ms?: number | undefined;
}

/** Sends the load and waits for its last answer. */
export async function measureLoad(
  load: PlannedLoad,
  { url, corpus, flags, seed, maxSendLagP99Ms = usualMax }: MeasureOptions & { seed: number },
): Promise<MeasuredLoad> {
  const schedule = planSchedule({
    profile: load.profile,
    cv2: load.cv2,
    budgetsMs: flags.budgets,
    sentences: corpus.length,
    warmupSeconds: flags.warmup,
    seed,
  });
  if (!schedule.some(({ atMs }) => atMs >= 0)) {
    throw new Error(
      `${load.name}: no request falls into the time measured; raise --duration and --sweep-seconds, or pin a faster --variant`,
    );
  }
  const fields = { on_miss: flags['on-miss'], variant: flags.variant };
  const options = { url, corpus, cache: false, retries: load.retries, fields };
  const answers = await answersTo(schedule, options);
  const sendLagMs = sendLagOf(answers.map((answer) => answer.sendLagMs));
  const sentLate = sendLagMs.p99 > maxSendLagP99Ms;
  const figures = sentLate ? undefined : overloadFiguresOf(answers, { load, corpus });
  return { name: load.name, sendLagMs, sentLate, figures };
}

function overloadFiguresOf(
  answers: readonly TimedAnswer[],
  { load, corpus }: { load: PlannedLoad; corpus: readonly CorpusSentence[] },
): OverloadFigures {
  const seconds = profileSeconds(load.profile);
  const { burst } = load;
  const isGood = ({ metByServer }: TimedAnswer) => metByServer;
  const result = loadResultOf(answers, { corpus, seconds, burst });
  const { offeredPerSecond, sentPerSecond, answeredPerSecond, goodputPerSecond } = result;
  const { all, budgets, refusalMs, recovery, timeline } = result;
  return {
    ...{ offeredPerSecond, sentPerSecond, answeredPerSecond, goodputPerSecond },
    byGatewayPerSecond: answers.filter(isGood).length / seconds,
    ...{ all, budgets, refusalMs, recovery },
    recoveryByGateway: burst && recoveryOf(answers, { burst, seconds, isGood }),
    timeline: burst && timeline,
  };
}
