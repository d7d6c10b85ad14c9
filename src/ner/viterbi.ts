import type { LabelScheme } from './label-scheme.js';
import { bestLabel } from './softmax.js';

/**
 * The most probable label of each row of logits such that spans begin, go on and end as the scheme has it; ties go to the
 * lower index. `rows` are row numbers in `logits`. Softmax is left out: it takes the same from all labels of a row.
 * So is a temperature: it divides the score of every path by the same positive number, and their order stays.
 */
export function bestPath(
  logits: Float32Array,
  rows: Int32Array,
  { count, predecessors, closed }: LabelScheme,
): Uint16Array {
  const path = new Uint16Array(rows.length);
  if (rows.length === 0) return path;
  const back = new Uint16Array(rows.length * count);
  let previous = new Float64Array(count);
  let current = new Float64Array(count);

  for (let label = 0; label < count; label++) {
    const legal = predecessors[label] === null;
    previous[label] = legal ? logits[rows[0]! * count + label]! : -Infinity;
  }
  let best = bestLabel(previous, 0, count);
  for (let step = 1; step < rows.length; step++) {
    const row = rows[step]! * count;
    // Scores are relative to the best one of the step before, so that they stay exact over any length.
    const bestScore = previous[best]!;
    const bestClosed = closed === null ? best : bestOfClosed(previous, closed);
    for (let label = 0; label < count; label++) {
      const allowed = predecessors[label] ?? null;
      const from = allowed === null ? bestClosed : bestOf(previous, allowed);
      back[step * count + label] = from;
      current[label] = previous[from]! - bestScore + logits[row + label]!;
    }
    [previous, current] = [current, previous];
    best = bestLabel(previous, 0, count);
  }

  if (closed !== null) {
    const end = bestOfClosed(previous, closed);
    // A text of one word has no legal path where labels have neither O nor one for a span of one word.
    if (previous[end]! > -Infinity) best = end;
  }
  for (let step = rows.length - 1; step >= 0; step--) {
    path[step] = best;
    best = back[step * count + best]!;
  }
  return path;
}

function bestOf(scores: Float64Array, labels: readonly number[]): number {
  let best = labels[0]!;
  for (let index = 1; index < labels.length; index++) {
    if (scores[labels[index]!]! > scores[best]!) best = labels[index]!;
  }
  return best;
}

/** There is one: a span that has no end is never open. */
function bestOfClosed(scores: Float64Array, closed: Uint8Array): number {
  let best = closed.indexOf(1);
  for (let label = best + 1; label < scores.length; label++) {
    if (closed[label] === 1 && scores[label]! > scores[best]!) best = label;
  }
  return best;
}
