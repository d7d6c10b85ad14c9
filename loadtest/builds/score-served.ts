import { askTexts } from '../cascade/ask-texts.js';
import type { CorpusSentence } from '../corpus/corpus.js';
import { f1Of, totalCounts } from '../score.js';

/** Entity F1 over `POST /ner` on one split, 0 to 1. */
export interface ServedF1 {
  split: string;
  sentences: number;
  built: number;
  reference: number;
}

interface ScoreOptions {
  url: string;
  /** Of the gateway. */
  pid: number;
  /** Names of variants that serve. */
  built: string;
  reference: string;
  split: string;
  sentences: readonly CorpusSentence[];
}

/** Asks both variants for every sentence, alone in its batch, past the cache. */
export async function scoreServed(options: ScoreOptions): Promise<ServedF1> {
  const { split, sentences, url, pid } = options;
  const f1 = async (variant: string): Promise<number> => {
    const { texts } = await askTexts({ url, pid, sentences, connections: 1, fields: { variant } });
    return f1Of(totalCounts(texts.map(({ counts }) => counts)));
  };
  const built = await f1(options.built);
  return { split, sentences: sentences.length, built, reference: await f1(options.reference) };
}
