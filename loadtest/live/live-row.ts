import type { CorpusSentence } from '../corpus/corpus.js';
import type { LatencyPercentiles } from '../latency-histogram.js';
import { figuresOf, type LoadFigures } from '../load-figures.js';
import { policyNamed } from '../simulation/policies/named-policy.js';
import { AnswerTally } from '../simulation/answer-tally.js';
import { tasksOf, type Workload } from '../simulation/workload.js';
import type { VirtualHost } from '../simulation/virtual-host.js';
import { maxSendLagP99Ms as usualMax, sendLagOf } from '../send-lag.js';
import type { TimedAnswer } from '../timed-answer.js';
import { timelineOf, type SecondFigures } from '../timeline.js';

/** One policy on one window at one scale. */
export interface LiveCell {
  /** As on the command line, such as `fixed:full`. */
  readonly name: string;
  readonly sendLagMs: LatencyPercentiles;
  /** Its figures are those of another load than the one asked for: not to be compared. */
  readonly sentLate: boolean;
  /** By the labels of the sentences. */
  readonly figures: LoadFigures;
  readonly budgets: readonly { budgetMs: number; requests: number; inTimePercent: number }[];
  /** By the F1 of the cards, as the simulator counts. */
  readonly cardsF1: number;
  /** Of all requests, the share that each variant answered in time. */
  readonly shares: Readonly<Record<string, number>>;
  readonly timeline: readonly SecondFigures[];
}

/** All policies on one window at one scale. */
export interface LiveRow {
  readonly scale: number;
  readonly meanPerSecond: number;
  readonly peakPerSecond: number;
  readonly requests: number;
  readonly cells: readonly LiveCell[];
  readonly upperBoundF1: number;
}

interface CellOptions {
  readonly name: string;
  /** What was sent, in the order of the answers. */
  readonly workload: Workload;
  readonly corpus: readonly CorpusSentence[];
  readonly host: VirtualHost;
  /** Where it is not the usual one. */
  readonly maxSendLagP99Ms: number | undefined;
}

export function cellOf(answers: readonly TimedAnswer[], options: CellOptions): LiveCell {
  const { name, workload, corpus, host, maxSendLagP99Ms = usualMax } = options;
  const sendLagMs = sendLagOf(answers.map((answer) => answer.sendLagMs));
  const tally = tallyByCards(answers, workload, host);
  const budgetsMs = [...new Set(answers.map(({ budgetMs }) => budgetMs))].sort((a, b) => a - b);
  return {
    name,
    sendLagMs,
    sentLate: sendLagMs.p99 > maxSendLagP99Ms,
    figures: figuresOf(answers, corpus),
    budgets: budgetsMs.map((budgetMs) => {
      const some = answers.filter((answer) => answer.budgetMs === budgetMs);
      const inTime = some.filter(({ outcome }) => outcome === 'in_time').length;
      return { budgetMs, requests: some.length, inTimePercent: (100 * inTime) / some.length };
    }),
    cardsF1: tally.effectiveF1,
    shares: tally.shares(),
    timeline: timelineOf(answers, workload.forMs / 1000),
  };
}

function tallyByCards(
  answers: readonly TimedAnswer[],
  workload: Workload,
  { variants, onMiss }: VirtualHost,
): AnswerTally {
  const tally = new AnswerTally(workload, variants);
  const allowed = variants.map(({ name }) => name);
  for (const task of tasksOf(workload, { allowed, onMiss })) {
    const { outcome, latencyMs, variant = null } = answers[task.id]!;
    const end = outcome === 'in_time' ? 'completed' : 'expired';
    tally.add({ task, end, endedAt: task.arrivalAt + latencyMs, variant, reason: null });
  }
  return tally;
}

/** The cell of a policy whose load was sent in time; undefined where there is none. */
export function usableCell({ cells }: Pick<LiveRow, 'cells'>, name: string): LiveCell | undefined {
  return cells.find((cell) => cell.name === name && !cell.sentLate);
}

/** The fixed variant of the highest effective F1 whose load was sent in time. */
export function bestFixedCell({ cells }: Pick<LiveRow, 'cells'>): LiveCell | undefined {
  return bestOf(fixedCells(cells).filter(({ sentLate }) => !sentLate));
}

/** The variant that AIMD is to have: where all were sent late, still the best of them. */
export function bestFixedVariant(cells: readonly LiveCell[]): string {
  const best = bestFixedCell({ cells }) ?? bestOf(fixedCells(cells));
  if (best === undefined) throw new Error('no fixed variant was measured; this is a bug');
  return variantOf(best)!;
}

/** Of a fixed policy or AIMD. */
export function variantOf({ name }: LiveCell): string | undefined {
  return policyNamed(name)?.variant;
}

function fixedCells(cells: readonly LiveCell[]): LiveCell[] {
  return cells.filter(({ name }) => policyNamed(name)?.kind === 'fixed');
}

/** Nothing in time has no F1 where the labels are empty too; it is no better than anything. */
function bestOf(cells: readonly LiveCell[]): LiveCell | undefined {
  const [first, ...others] = cells;
  if (first === undefined) return undefined;
  return others.reduce(
    (best, cell) => (cell.figures.effectiveF1 > best.figures.effectiveF1 ? cell : best),
    first,
  );
}
