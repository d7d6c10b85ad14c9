/** The copy between a batch's compact arrays and the model's padded ones. Pure. */

import type { BatchInput } from './protocol.js';

/** The model's int64 inputs, each [jobs, length] in row order. */
export interface PackedBatch {
  readonly dims: readonly [jobs: number, length: number];
  readonly ids: BigInt64Array;
  readonly mask: BigInt64Array;
  readonly caseTypes: BigInt64Array;
}

/**
 * Pads a batch with `padId` and an attention mask of 0. int64 is filled through an int32 view (little-endian, ids are
 * not negative), since a BigInt per token costs more than the whole copy.
 */
export function packBatch(input: BatchInput, padId: number): PackedBatch {
  const jobs = input.lengths.length;
  const length = Math.max(...input.lengths);
  const ids = new BigInt64Array(jobs * length);
  const mask = new BigInt64Array(jobs * length);
  const caseTypes = new BigInt64Array(jobs * length);
  const idLow = new Int32Array(ids.buffer);
  const maskLow = new Int32Array(mask.buffer);
  const caseLow = new Int32Array(caseTypes.buffer);

  let source = 0;
  for (let job = 0; job < jobs; job += 1) {
    const tokens = input.lengths[job]!;
    let target = 2 * job * length;
    const end = target + 2 * length;
    for (let i = 0; i < tokens; i += 1, source += 1, target += 2) {
      idLow[target] = input.ids[source]!;
      maskLow[target] = 1;
      caseLow[target] = input.caseTypes[source]!;
    }
    for (; target < end; target += 2) idLow[target] = padId;
  }
  return { dims: [jobs, length], ids, mask, caseTypes };
}

/** The logits of the real tokens, without padding, [CLS] and [SEP], jobs one after the other. */
export function unpackLogits(
  padded: Float32Array,
  lengths: Int32Array,
  labelCount: number,
): Float32Array {
  const length = Math.max(...lengths);
  let tokens = 0;
  for (const jobLength of lengths) tokens += jobLength - 2;
  const compact = new Float32Array(tokens * labelCount);
  let target = 0;
  lengths.forEach((jobLength, job) => {
    const first = (job * length + 1) * labelCount;
    const count = (jobLength - 2) * labelCount;
    compact.set(padded.subarray(first, first + count), target);
    target += count;
  });
  return compact;
}
