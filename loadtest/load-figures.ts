import type { Histogram } from 'hdr-histogram-js';
import type { CorpusSentence } from './corpus/corpus.js';
import { histogramOf, percentilesOf, type LatencyPercentiles } from './latency-histogram.js';
import { addCounts, countEntities, f1Of, noCounts } from './score.js';
import { tally } from './statistics.js';
import type { Outcome, TimedAnswer } from './timed-answer.js';

/** Figures of all requests, or of those with one budget. */
export interface LoadFigures {
  requests: number;
  inTime: number;
  late: number;
  shed: number;
  failed: number;
  /** By the client's clock from the intended instant, and by the word of the gateway. */
  inTimePercent: number;
  /** By the word of the gateway alone, whose clock starts at the arrival. */
  metByGatewayPercent: number;
  /** Of answers with entities, be they late or not. */
  latencyMs: LatencyPercentiles;
  /** Of the answers with entities, 0 to 1. */
  variants: Record<string, number>;
  /** A late, refused or failed request counts as an empty answer. */
  effectiveF1: number;
  /** The F1 of the answers that came, be they late or not. */
  answeredF1: number;
  errors: Record<string, number>;
}

export function figuresOf(
  answers: readonly TimedAnswer[],
  corpus: readonly CorpusSentence[],
): LoadFigures {
  const outcomes = tally(answers.map(({ outcome }) => outcome)) as Partial<Record<Outcome, number>>;
  const answered = answers.filter(({ code }) => code === 'ok');
  const variants = tally(answered.map(({ variant }) => variant ?? 'unknown'));
  const inTime = outcomes.in_time ?? 0;
  const metByGateway = answered.filter(({ metByServer }) => metByServer).length;
  return {
    requests: answers.length,
    inTime,
    late: outcomes.late ?? 0,
    shed: outcomes.shed ?? 0,
    failed: outcomes.failed ?? 0,
    inTimePercent: (100 * inTime) / answers.length,
    metByGatewayPercent: (100 * metByGateway) / answers.length,
    latencyMs: percentilesOf(latencyHistogram(answers)),
    variants: Object.fromEntries(
      Object.entries(variants).map(([name, count]) => [name, count / answered.length]),
    ),
    effectiveF1: f1(answers, corpus, ({ outcome }) => outcome === 'in_time'),
    answeredF1: f1(answered, corpus, () => true),
    errors: tally(answers.filter(({ code }) => code !== 'ok').map(({ code }) => code)),
  };
}

/** Of answers with entities: a quick refusal must not embellish them. */
export function latencyHistogram(answers: readonly TimedAnswer[]): Histogram {
  const answered = answers.filter(({ code }) => code === 'ok');
  return histogramOf(answered.map(({ latencyMs }) => latencyMs));
}

/** Micro entity F1 where only some answers count and the others are empty. */
function f1(
  answers: readonly TimedAnswer[],
  corpus: readonly CorpusSentence[],
  counts: (answer: TimedAnswer) => boolean,
): number {
  const total = noCounts();
  for (const answer of answers) {
    const gold = corpus[answer.sentence]!.entities;
    addCounts(total, countEntities(gold, counts(answer) ? answer.entities : []));
  }
  return f1Of(total);
}
