/**
 * What becomes of a variant: one that is built is requested, building, gated, warm, active and retired in turn; one of
 * the manifest begins with loading.
 */
export const VARIANT_STATES = [
  /** A build of it waits for its turn. */
  'requested',
  /** A builder compresses it, or its gate tests it. */
  'building',
  /** It passed the gate; the workers are being given it. */
  'gated',
  /** Its file is there; the workers are being given it, or it is measured. */
  'loading',
  /** All workers hold it, and it gets no new work. */
  'warm',
  /** It serves. */
  'active',
  /** No worker holds it; it can be loaded again. */
  'retired',
  /** It cannot be served; final. */
  'failed',
] as const;

export type VariantState = (typeof VARIANT_STATES)[number];

/** `gone`: the registry forgets it, and its name is free. */
export type NextState = VariantState | 'gone';

const NEXT: Readonly<Record<VariantState, readonly NextState[]>> = {
  requested: ['building', 'gone'],
  building: ['gated', 'gone'],
  gated: ['warm', 'gone'],
  loading: ['warm', 'active', 'retired', 'failed'],
  warm: ['active', 'retired', 'gone', 'failed'],
  active: ['warm', 'failed'],
  retired: ['loading', 'gone'],
  failed: ['failed', 'gone'],
};

export function mayBecome(from: VariantState, to: NextState): boolean {
  return NEXT[from].includes(to);
}
