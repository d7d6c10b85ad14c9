import { isInTime, readAnswer, type Answer } from './answer.js';
import type { SentRequest } from './send-schedule.js';

/**
 * `late`: answered after the budget, or given up by the gateway for its lateness (504). `shed`: refused at once (503).
 * `failed`: anything else, such as a broken connection.
 */
export type Outcome = 'in_time' | 'late' | 'shed' | 'failed';

/** An answer of an open loop: its latency counts from the intended instant. */
export interface TimedAnswer extends Answer {
  /** The intended instant, in ms from the start of the measurement. */
  atMs: number;
  budgetMs: number;
  sendLagMs: number;
  refusalsMs: readonly number[];
  outcome: Outcome;
}

export function readTimedAnswer(sent: SentRequest): TimedAnswer {
  const answer = readAnswer(sent);
  const { atMs, budgetMs, sendLagMs, refusalsMs } = sent;
  return {
    ...answer,
    atMs,
    budgetMs,
    sendLagMs,
    refusalsMs,
    outcome: outcomeOf(answer, sent),
  };
}

function outcomeOf(answer: Answer, { status, budgetMs }: SentRequest): Outcome {
  if (isInTime(answer, budgetMs)) return 'in_time';
  if (answer.code === 'ok' || status === 504) return 'late';
  return status === 503 ? 'shed' : 'failed';
}
