import { createHash } from 'node:crypto';
import type { Card } from './card.js';

/**
 * Which variants may answer for each other: those with the same tokenizer, labels and case types, since a text is
 * encoded and decoded in one way whichever of them answers. Equal for cards of one family, else different.
 */
export function familyOf({ tokenizer, labels, inputs, tagging }: Card): string {
  return createHash('sha256')
    .update(
      JSON.stringify([tokenizer.sha256, tokenizer.unknownToken, labels, tagging, inputs.caseTypes]),
    )
    .digest('base64url');
}
