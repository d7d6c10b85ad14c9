import type { CorpusEntity } from './corpus/corpus.js';

/** What micro F1 is made of. */
export interface EntityCounts {
  correct: number;
  predicted: number;
  gold: number;
}

export type Entity = Readonly<{ label: string; start: number; end: number }>;

/** An answer against the labels of its sentence: label, start and end must all be equal. */
export function countEntities(
  gold: readonly CorpusEntity[],
  predicted: readonly Entity[],
): EntityCounts {
  const open = new Set(gold.map(keyOf));
  let correct = 0;
  for (const entity of predicted) if (open.delete(keyOf(entity))) correct++;
  return { correct, predicted: predicted.length, gold: gold.length };
}

export function addCounts(into: EntityCounts, counts: EntityCounts): void {
  into.correct += counts.correct;
  into.predicted += counts.predicted;
  into.gold += counts.gold;
}

export function totalCounts(counts: readonly EntityCounts[]): EntityCounts {
  const total = noCounts();
  for (const one of counts) addCounts(total, one);
  return total;
}

/** Micro F1, 0 to 1; with nothing to find and nothing found there is no F1: NaN. */
export function f1Of({ correct, predicted, gold }: EntityCounts): number {
  return (2 * correct) / (predicted + gold);
}

export function noCounts(): EntityCounts {
  return { correct: 0, predicted: 0, gold: 0 };
}

function keyOf({ label, start, end }: Entity): string {
  return `${label} ${start} ${end}`;
}
