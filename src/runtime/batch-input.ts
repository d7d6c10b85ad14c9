import type { EncodedText, Window } from '../ner/encoded-text.js';
import type { BatchInput } from './protocol.js';

/** The tokens that every window begins and ends with. */
export interface SpecialTokens {
  readonly clsId: number;
  readonly sepId: number;
}

/** A window of an encoded text. */
export interface EncodedWindow {
  readonly encoded: EncodedText;
  readonly window: Window;
}

/** Puts windows one after the other, each between its special tokens, as a worker takes them. */
export function batchInput(
  variant: string,
  jobs: readonly EncodedWindow[],
  special: SpecialTokens,
): BatchInput {
  const lengths = Int32Array.from(jobs, ({ window }) => window.end - window.start + 2);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const ids = new Int32Array(tokens);
  const caseTypes = new Uint8Array(tokens);
  let at = 0;
  jobs.forEach(({ encoded, window }, job) => {
    ids[at] = special.clsId;
    ids.set(encoded.ids.subarray(window.start, window.end), at + 1);
    caseTypes.set(encoded.caseTypes.subarray(window.start, window.end), at + 1);
    at += lengths[job]!;
    ids[at - 1] = special.sepId;
  });
  return { variant, lengths, ids, caseTypes };
}

/** The logits of each window again, out of a worker's one array. */
export function splitLogits(
  logits: Float32Array,
  lengths: Int32Array,
  labelCount: number,
): Float32Array[] {
  let at = 0;
  return Array.from(lengths, (length) => {
    const count = (length - 2) * labelCount;
    const part = logits.subarray(at, at + count);
    at += count;
    return part;
  });
}
