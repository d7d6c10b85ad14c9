import { bestLabel } from './softmax.js';

/**
 * The least difference between best and second best probability, softmax(logits / temperature), over the first tokens
 * of the pre-tokens; 1 for a text without tokens. It is what a card's `marginToError` was fitted on: scripts/lab/margins.py
 * defines it, and test/fixtures/margin-cases.json holds both to the same figures. `preTokens` may go on beyond the logits.
 */
export function smallestMargin(
  preTokens: Int32Array,
  logits: Float32Array,
  { labelCount, temperature }: { labelCount: number; temperature: number },
): number {
  const tokens = logits.length / labelCount;
  let smallest = 1;
  for (let token = 0; token < tokens; token++) {
    if (token > 0 && preTokens[token] === preTokens[token - 1]) continue;
    smallest = Math.min(smallest, marginOf(logits, token, { labelCount, temperature }));
  }
  return smallest;
}

function marginOf(
  logits: Float32Array,
  row: number,
  { labelCount, temperature }: { labelCount: number; temperature: number },
): number {
  const first = row * labelCount;
  const best = bestLabel(logits, row, labelCount);
  const max = logits[first + best]!;
  let sum = 0;
  let second = 0;
  for (let label = 0; label < labelCount; label++) {
    const weight = Math.exp((logits[first + label]! - max) / temperature);
    sum += weight;
    if (label !== best && weight > second) second = weight;
  }
  return (1 - second) / sum;
}
