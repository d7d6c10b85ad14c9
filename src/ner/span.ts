/** A decoded entity. `start` and `end` are UTF-16 offsets, end exclusive; `score` is a probability. */
export interface Span {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
  /** Of a span that is one token (aggregation `none`): which one of the text, from 0, special ones not counted. */
  readonly token?: number;
}

export const AGGREGATIONS = ['viterbi', 'none', 'simple', 'first', 'average', 'max'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

export const OFFSET_UNITS = ['codepoint', 'utf16', 'utf8'] as const;
export type OffsetUnit = (typeof OFFSET_UNITS)[number];
