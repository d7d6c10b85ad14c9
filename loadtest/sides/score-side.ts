import type { CorpusSentence, EntityLabel } from '../corpus/corpus.js';
import { addCounts, countEntities, f1Of, noCounts } from '../score.js';
import { allLabels, sharedLabels } from './read-entities.js';
import type { Recogniser } from './side.js';

export interface SideScore {
  /** Micro entity F1 over all types of the corpus; null where the side does not tell all of them apart. */
  f1: number | null;
  /** The same over the types that all sides tell apart; null where the side gives no entities. */
  sharedF1: number | null;
}

export const noScore: SideScore = { f1: null, sharedF1: null };

const sentencesAtOnce = 8;

/** Asks a side for each sentence of the corpus once. Throws where it finds nothing at all: that would be no peer. */
export async function scoreSide(
  recogniser: Recogniser,
  corpus: readonly CorpusSentence[],
): Promise<SideScore> {
  const all = noCounts();
  const shared = noCounts();
  const sentences = corpus.values();
  const ask = async (): Promise<void> => {
    for (const sentence of sentences) {
      const found = await recogniser.find(sentence);
      addCounts(all, countEntities(sentence.entities, found));
      addCounts(shared, countEntities(only(sentence.entities), only(found)));
    }
  };
  await Promise.all(Array.from({ length: sentencesAtOnce }, ask));
  if (all.predicted === 0) throw new Error(`it finds no entity in ${corpus.length} sentences`);
  const complete = allLabels.every((label) => recogniser.labels.includes(label));
  return { f1: complete ? f1Of(all) : null, sharedF1: f1Of(shared) };
}

function only<E extends { label: string }>(entities: readonly E[]): E[] {
  return entities.filter(({ label }) => sharedLabels.includes(label as EntityLabel));
}
