/**
 * A text as the model sees it, without [CLS] and [SEP]. All arrays have one element per token; `starts` and `ends`
 * are UTF-16 offsets into `text`, so `text.slice(starts[i], ends[i])` is what token i covers.
 */
export interface EncodedText {
  readonly text: string;
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Index of the pre-token that a token belongs to; rises by one from pre-token to pre-token, from 0. */
  readonly preTokens: Int32Array;
  /** Case class of the token's pre-token, 0 to 4 (see case-class.ts). */
  readonly caseTypes: Uint8Array;
  /**
   * 1 where the transformers library takes the token for a part of the word before it: its vocabulary entry (## counts)
   * and the text that it covers differ in code points, and it is not the unknown token.
   */
  readonly subwords: Uint8Array;
}

/** A window's tokens: [start, end) into the arrays of an EncodedText. */
export interface Window {
  readonly start: number;
  readonly end: number;
}
