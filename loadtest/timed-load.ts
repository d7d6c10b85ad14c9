import { writeFileSync } from 'node:fs';
import { profileSeconds, type RateProfile } from './arrivals/rate-profile.js';
import { planSchedule } from './arrivals/schedule.js';
import { loadCorpus, type CorpusSentence } from './corpus/corpus.js';
import { UsageError } from './flags.js';
import { answersTo } from './answers-to.js';
import { openGateway } from './gateway-process.js';
import { encodeHistogram } from './latency-histogram.js';
import { plotLoad } from './load-plot.js';
import { describeLoad, describeRates, formatLoad } from './load-report.js';
import { loadResultOf } from './load-result.js';
import { withProgress } from './progress.js';
import { writeResult } from './result-file.js';
import { checkSendLag } from './send-lag.js';
import type { TimedAnswer } from './timed-answer.js';
import type { TimedLoadFlags } from './timed-load-flags.js';
import type { Burst } from './timeline.js';

export interface TimedLoad {
  /** The command; the first half of the name of the result file. */
  what: string;
  /** What is offered, in one line. */
  title: string;
  profile: RateProfile;
  /** What goes into the result beside the flags. */
  parameters: object;
  burst?: Burst | undefined;
}

/** Sends the load to a gateway, prints what came of it, writes result and plot; throws where the load was sent late. */
export async function runTimedLoad(
  load: TimedLoad,
  flags: TimedLoadFlags,
  { maxSendLagP99Ms }: { maxSendLagP99Ms?: number } = {},
): Promise<void> {
  const startedAt = new Date();
  const corpus = loadCorpus();
  const gateway = await openGateway({ url: flags.url, pinned: flags.variant });
  try {
    const { variants } = gateway;
    const answers = await sendLoad(load, flags, { url: gateway.url, corpus });
    const lags = answers.map((answer) => answer.sendLagMs);
    const sendLagMs = checkSendLag(lags, maxSendLagP99Ms);

    const seconds = profileSeconds(load.profile);
    const { histograms, ...result } = loadResultOf(answers, { corpus, seconds, burst: load.burst });
    const { budgets, all, timeline } = result;
    console.log(`${load.title}\n${describeLoad(flags)}\n`);
    console.log(formatLoad([...budgets, { budgetMs: undefined, ...all }]));
    console.log(`\n${describeRates(result, sendLagMs)}`);

    const parameters = { ...flags, ...load.parameters, variants, sentences: corpus.length };
    const options = { what: load.what, startedAt, parameters, folder: flags.out };
    // In microseconds, for any HdrHistogram to read.
    const encoded = histograms.map(({ budgetMs, histogram }) => ({
      budgetMs,
      hdr: encodeHistogram(histogram),
    }));
    const file = writeResult(options, { ...result, sendLagMs, histograms: encoded });
    const plotFile = file.replace(/\.json$/, '.svg');
    const notes = [describeLoad(flags), ...describeRates(result, sendLagMs).split('\n')];
    const { title, burst } = load;
    const latencies = histograms;
    writeFileSync(plotFile, plotLoad({ title, notes, timeline, variants, latencies, burst }));
    console.log(`\n${file}\n${plotFile}`);
  } finally {
    await gateway.stop();
  }
}

/** The answers of the measurement, without those of the warm-up. */
async function sendLoad(
  { what, profile }: TimedLoad,
  flags: TimedLoadFlags,
  { url, corpus }: { url: string; corpus: readonly CorpusSentence[] },
): Promise<TimedAnswer[]> {
  const schedule = planSchedule({
    profile,
    cv2: flags.cv2,
    budgetsMs: flags.budgets,
    sentences: corpus.length,
    warmupSeconds: flags.warmup,
    seed: flags.seed,
  });
  if (!schedule.some(({ atMs }) => atMs >= 0)) {
    throw new UsageError('at this rate no request falls into the time measured: raise one of them');
  }
  const steps = [{ label: what, seconds: flags.warmup + profileSeconds(profile) }];
  return withProgress({ steps }, (next) => {
    next();
    return answersTo(schedule, {
      url,
      corpus,
      cache: flags.cache,
      retries: flags.retries,
      fields: { on_miss: flags['on-miss'], variant: flags.variant },
    });
  });
}
