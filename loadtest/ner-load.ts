import { readAnswer, type Answer } from './answer.js';
import type { CorpusSentence } from './corpus/corpus.js';
import { saturate } from './saturate.js';

interface NerLoadOptions {
  /** The gateway's address, without a path. */
  url: string;
  corpus: readonly CorpusSentence[];
  connections: number;
  warmupSeconds: number;
  seconds: number;
  cache: boolean;
  /** What goes into a request beside its text. */
  fields: (sequence: number) => object;
  /** The same for the warm-up, where that differs. */
  warmupFields?: (sequence: number) => object;
}

export interface NerLoad {
  answers: Answer[];
  seconds: number;
}

/** Sends the corpus round and round to `POST /ner`; what comes back in the warm-up is thrown away. */
export async function loadNer(options: NerLoadOptions): Promise<NerLoad> {
  const { corpus, connections, warmupSeconds } = options;
  const run = (seconds: number, fields: (sequence: number) => object) =>
    saturate({
      url: `${options.url}/ner`,
      connections,
      seconds,
      sentences: corpus.length,
      headers: options.cache ? {} : { 'cache-control': 'no-cache' },
      bodyOf: (sentence, sequence) =>
        JSON.stringify({ text: corpus[sentence]!.text, ...fields(sequence) }),
    });
  if (warmupSeconds > 0) await run(warmupSeconds, options.warmupFields ?? options.fields);
  const { exchanges, seconds } = await run(options.seconds, options.fields);
  return { answers: exchanges.map(readAnswer), seconds };
}
