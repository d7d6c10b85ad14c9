/** Node itself, the tokenizer, and a session's own memory. */
const BASE_BYTES = 512e6;
/**
 * Of a file of halves, the most that compressor and gate together took was 5.8 times its size (262 MB for 45 MB), node
 * included; one of integers is widened further.
 */
const PER_FILE_BYTE = 8;

/** What a builder and its gate may take for a parent of a size; more is a sign of a model that is not what it seems. */
export function memoryLimitFor(parentSizeBytes: number): number {
  return BASE_BYTES + PER_FILE_BYTE * parentSizeBytes;
}
