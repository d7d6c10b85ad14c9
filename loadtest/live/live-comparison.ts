import { bestFixedCell, usableCell, variantOf, type LiveRow } from './live-row.js';

/** What a person would serve who has to choose one variant for all loads. */
export const USUAL_VARIANT = 'full-int8';

/** Ours against fixed variants at one scale; null where one of the two was not measured, or was sent late. */
export interface LiveComparison {
  readonly scale: number;
  readonly budgetsMet: number | null;
  readonly effectiveF1: number | null;
  readonly bestFixed: string | null;
  readonly bestFixedF1: number | null;
  readonly oursLessBestFixed: number | null;
  readonly usualF1: number | null;
  readonly oursLessUsual: number | null;
  /** By cards, as the bound. */
  readonly cardsF1: number | null;
  readonly oursOfUpperBound: number | null;
}

export function compareOurs(row: LiveRow): LiveComparison {
  const ours = usableCell(row, 'entier');
  const best = bestFixedCell(row);
  const usual = usableCell(row, `fixed:${USUAL_VARIANT}`);
  const effectiveF1 = ours?.figures.effectiveF1 ?? null;
  const bestFixedF1 = best?.figures.effectiveF1 ?? null;
  const usualF1 = usual?.figures.effectiveF1 ?? null;
  return {
    scale: row.scale,
    budgetsMet: ours === undefined ? null : ours.figures.inTimePercent / 100,
    effectiveF1,
    bestFixed: (best && variantOf(best)) ?? null,
    bestFixedF1,
    oursLessBestFixed: less(effectiveF1, bestFixedF1),
    usualF1,
    oursLessUsual: less(effectiveF1, usualF1),
    cardsF1: ours?.cardsF1 ?? null,
    oursOfUpperBound: ours === undefined ? null : ours.cardsF1 / row.upperBoundF1,
  };
}

function less(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one - other;
}
