import { cascadePair } from '../../src/gateway/cascade-pair.js';
import { Cascade } from '../../src/gateway/cascade.js';
import { activeVariant, calibrationOf, LABELS } from './cards.js';
import type { CascadePlan } from '../../src/gateway/cascade.js';
import type { Dispatcher, Work, WorkDone } from '../../src/gateway/dispatcher.js';
import type { ActiveVariant } from '../../src/registry/variant-registry.js';

/** `full`, `half` and `tiny`, best first; with `calibrationOf(1)` a margin of .5 means an error probability of .2. */
export const STAGES: readonly ActiveVariant[] = [
  { name: 'full', f1: 0.93, a: 8 },
  { name: 'half', f1: 0.92, a: 2 },
  { name: 'tiny', f1: 0.88, a: 1 },
].map(({ name, f1, a }) => {
  const plain = activeVariant(name, f1);
  const card = { ...plain.card, calibration: calibrationOf(1) };
  return { ...plain, card, profile: { a, b: 0, c: 0 } };
});

export function planOf(maxErrorProbability: number): CascadePlan {
  return { pair: cascadePair(STAGES, [3])!, rule: { maxErrorProbability } };
}

/** One word of one token. */
export function workOf(change: Partial<Work> = {}): Work {
  const preTokens = Int32Array.of(0);
  return {
    encoded: {
      text: 'x',
      ids: Int32Array.of(7),
      starts: Int32Array.of(0),
      ends: Int32Array.of(1),
      preTokens,
      caseTypes: new Uint8Array(1),
      subwords: new Uint8Array(1),
    },
    windows: [{ start: 0, end: 1 }],
    special: { clsId: 1, sepId: 2 },
    labelCount: LABELS.length,
    arrivalAt: 0,
    deadlineAt: 100,
    allowed: STAGES.map(({ name }) => name),
    onMiss: 'degrade',
    criticality: 'default',
    ...change,
  };
}

/** Logits of one token whose best and second best probability differ by so much; all others have none. */
export function logitsOf(margin: number): Float32Array {
  const logits = new Float32Array(LABELS.length).fill(-1e9);
  logits[0] = Math.log((1 + margin) / 2);
  logits[1] = Math.log((1 - margin) / 2);
  return logits;
}

export function doneBy(variant: string, margin: number, times: [number, number]): WorkDone {
  const [startedAt, finishedAt] = times;
  const logits = [logitsOf(margin)];
  return { variant, reason: 'best_fit', logits, startedAt, finishedAt, dispatchMs: 0 };
}

/** A cascade over a dispatcher of which the test decides what becomes of each submission. */
export function cascadeOver(
  submit: Dispatcher['submit'],
  {
    now = () => 0,
    predictMs = () => 1,
  }: { now?: () => number; predictMs?: (work: Work) => number } = {},
): Cascade {
  return new Cascade({ dispatcher: { submit, predictMs }, now });
}
