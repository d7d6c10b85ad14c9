import type { PlannedRequest } from './arrivals/schedule.js';
import type { CorpusSentence } from './corpus/corpus.js';
import { beforeOthers } from './generator-priority.js';
import { createNerClient } from './ner-client.js';
import { pace } from './pacer.js';
import { sendSchedule } from './send-schedule.js';
import { readTimedAnswer, type TimedAnswer } from './timed-answer.js';

interface AnswersOptions {
  /** The gateway's address, without a path. */
  url: string;
  corpus: readonly CorpusSentence[];
  /** Whether the result cache may answer. */
  cache: boolean;
  /** See `sendSchedule`. */
  retries: number;
  /** What goes into each request beside its text and budget. */
  fields: object;
}

/** Sends the schedule to `POST /ner`, each request at its instant; the answers are those of the measurement, without the warm-up's. */
export async function answersTo(
  schedule: readonly PlannedRequest[],
  { url, corpus, cache, retries, fields }: AnswersOptions,
): Promise<TimedAnswer[]> {
  const client = createNerClient({ url, headers: cache ? {} : { 'cache-control': 'no-cache' } });
  try {
    const options = {
      schedule,
      bodyOf: ({ sentence, budgetMs }: PlannedRequest) =>
        JSON.stringify({ text: corpus[sentence]!.text, latency_budget_ms: budgetMs, ...fields }),
      send: (body: string) => client.send(body),
      pace,
      retries,
    };
    const sent = await beforeOthers(() => sendSchedule(options));
    return sent.filter(({ atMs }) => atMs >= 0).map(readTimedAnswer);
  } finally {
    await client.close();
  }
}
