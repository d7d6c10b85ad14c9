import { isInTime, type Answer } from './answer.js';
import type { CorpusSentence } from './corpus/corpus.js';
import {
  addCounts,
  countEntities,
  f1Of,
  noCounts,
  totalCounts,
  type EntityCounts,
} from './score.js';
import { percentile, tally } from './statistics.js';

export interface Latencies {
  p50: number;
  p90: number;
  p97_5: number;
  p99: number;
}

/** One row of a result. Latencies are those of answers with entities: a quick refusal must not embellish them. */
export interface Summary {
  requests: number;
  requestsPerSecond: number;
  latencyMs: Latencies;
  budgetMetPercent: number;
  variants: Record<string, number>;
  effectiveF1: number;
  /** The F1 of the answers that came, be they late or not. */
  answeredF1: number;
  entities: Record<string, number>;
  errors: Record<string, number>;
}

interface SummaryOptions {
  corpus: readonly CorpusSentence[];
  budgetMs: number;
  seconds: number;
}

export function summarize(answers: readonly Answer[], options: SummaryOptions): Summary {
  const good = answers.filter(({ code }) => code === 'ok');
  const inTime = answers.filter((answer) => isInTime(answer, options.budgetMs)).length;
  const effective = countsBySentence(answers, options);
  const answered = countsBySentence(good, { ...options, budgetMs: Infinity, trustClient: true });
  return {
    requests: answers.length,
    requestsPerSecond: good.length / options.seconds,
    latencyMs: latenciesOf(good.map(({ latencyMs }) => latencyMs)),
    budgetMetPercent: (100 * inTime) / answers.length,
    variants: shares(good.map(({ variant }) => variant ?? 'unknown')),
    effectiveF1: f1Of(totalCounts(effective)),
    answeredF1: f1Of(totalCounts(answered)),
    entities: tally(good.flatMap(({ entities }) => entities.map(({ label }) => label))),
    errors: tally(answers.filter(({ code }) => code !== 'ok').map(({ code }) => code)),
  };
}

/**
 * What each sentence of the corpus was answered with, over all its requests. A refused, failed or late answer counts as
 * an empty one, at the budget given; `trustClient` takes every answer that came.
 */
export function countsBySentence(
  answers: readonly Answer[],
  options: Pick<SummaryOptions, 'corpus' | 'budgetMs'> & { trustClient?: boolean },
): EntityCounts[] {
  const counts = options.corpus.map(noCounts);
  for (const answer of answers) {
    const counted = options.trustClient === true || isInTime(answer, options.budgetMs);
    const gold = options.corpus[answer.sentence]!.entities;
    addCounts(counts[answer.sentence]!, countEntities(gold, counted ? answer.entities : []));
  }
  return counts;
}

export function latenciesOf(latencies: readonly number[]): Latencies {
  return {
    p50: percentile(latencies, 50),
    p90: percentile(latencies, 90),
    p97_5: percentile(latencies, 97.5),
    p99: percentile(latencies, 99),
  };
}

function shares(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(tally(names)).map(([name, count]) => [name, count / names.length]),
  );
}
