import type { Histogram } from 'hdr-histogram-js';
import type { CorpusSentence } from './corpus/corpus.js';
import { histogramOf, percentilesOf, type LatencyPercentiles } from './latency-histogram.js';
import { figuresOf, latencyHistogram, type LoadFigures } from './load-figures.js';
import { recoveryOf, type Recovery } from './recovery.js';
import type { TimedAnswer } from './timed-answer.js';
import { timelineOf, type Burst, type SecondFigures } from './timeline.js';

export interface LoadResult {
  offeredPerSecond: number;
  /** Requests written, those of retries too. */
  sentPerSecond: number;
  /** Answers with entities. */
  answeredPerSecond: number;
  /** Of them, those in time. */
  goodputPerSecond: number;
  all: LoadFigures;
  budgets: (LoadFigures & { budgetMs: number })[];
  /** How long a refusal took, each of a request that was retried; undefined where there was none. */
  refusalMs: LatencyPercentiles | undefined;
  recovery: Recovery | undefined;
  timeline: SecondFigures[];
  histograms: { budgetMs: number; histogram: Histogram }[];
}

interface ResultOptions {
  corpus: readonly CorpusSentence[];
  seconds: number;
  burst: Burst | undefined;
}

/** The figures of a load that lasted so long. */
export function loadResultOf(answers: readonly TimedAnswer[], options: ResultOptions): LoadResult {
  const { corpus, seconds, burst } = options;
  const all = figuresOf(answers, corpus);
  const refusals = answers.flatMap(({ refusalsMs }) => refusalsMs);
  // After its last refusal a request was sent once more, or was shed.
  const sent = answers.length + refusals.length - all.shed;
  const timeline = timelineOf(answers, seconds);
  const byBudget = [...new Set(answers.map(({ budgetMs }) => budgetMs))]
    .sort((a, b) => a - b)
    .map((budgetMs) => ({
      budgetMs,
      answers: answers.filter((answer) => answer.budgetMs === budgetMs),
    }));
  return {
    offeredPerSecond: answers.length / seconds,
    sentPerSecond: sent / seconds,
    answeredPerSecond: answers.filter(({ code }) => code === 'ok').length / seconds,
    goodputPerSecond: all.inTime / seconds,
    all,
    budgets: byBudget.map(({ budgetMs, answers: some }) => ({
      budgetMs,
      ...figuresOf(some, corpus),
    })),
    refusalMs: refusals.length === 0 ? undefined : percentilesOf(histogramOf(refusals)),
    recovery: burst && recoveryOf(answers, { burst, seconds }),
    timeline,
    histograms: byBudget.map(({ budgetMs, answers: some }) => ({
      budgetMs,
      histogram: latencyHistogram(some),
    })),
  };
}
