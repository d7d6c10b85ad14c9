import { caseClass } from './case-class.js';
import { isPunctuation, isWhitespace } from './plain-text.js';
import type { EncodedText } from './encoded-text.js';
import type { Vocabulary } from './vocabulary.js';

/** A part of the text: `at` is its UTF-16 offset, `starts` those of its code points in it (null: every unit is one). */
export interface TextSlice {
  readonly text: string;
  readonly at: number;
  readonly starts: Int32Array | null;
}

/** Takes the tokens of one text in order; pre-tokens, case classes and subword flags follow from the vocabulary. */
export class EncodedTextBuilder {
  private ids: Int32Array;
  private starts: Int32Array;
  private ends: Int32Array;
  private preTokens: Int32Array;
  private caseTypes: Uint8Array;
  private subwords: Uint8Array;
  private length = 0;
  private preToken = -1;
  private preTokenAt = 0;

  private readonly vocabulary: Vocabulary;
  private readonly isCaseWanted: boolean;
  private capacity: number;

  /** More tokens than `capacity` may come; just as many cost no copy. Without `caseTypes` they are all 0. */
  constructor(
    private readonly text: string,
    options: { vocabulary: Vocabulary; capacity: number; caseTypes: boolean },
  ) {
    const { capacity } = options;
    this.capacity = capacity;
    this.vocabulary = options.vocabulary;
    this.isCaseWanted = options.caseTypes;
    this.ids = new Int32Array(capacity);
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
    this.preTokens = new Int32Array(capacity);
    this.caseTypes = new Uint8Array(capacity);
    this.subwords = new Uint8Array(capacity);
  }

  /**
   * Tokens of a slice of plain text. Such text keeps its length when it is normalized, so where a token lies follows from
   * its length, and the tokenizer need not be asked (13 of 25 us a sentence).
   */
  appendPlain(slice: TextSlice, ids: readonly number[]): void {
    const { lengths, continues } = this.vocabulary;
    const { text, at } = slice;
    let end = 0;
    for (const id of ids) {
      let start = end;
      if (continues[id] === 1) {
        end += lengths[id]! - 2;
      } else {
        while (isWhitespace(text.charCodeAt(start))) start++;
        end = id === this.vocabulary.unkId ? this.unknownEnd(text, start) : start + lengths[id]!;
      }
      this.push(id, at + start, at + end);
      this.flagSubword(id, end - start);
    }
  }

  /** Tokens of any slice, with their offsets in code points of the slice. */
  append(slice: TextSlice, ids: readonly number[], offsets: readonly number[][]): void {
    const { at, starts } = slice;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index]!;
      const [start, end] = offsets[index] as [number, number];
      if (starts === null) this.push(id, at + start, at + end);
      else this.push(id, at + starts[start]!, at + starts[end]!);
      this.flagSubword(id, end - start);
    }
  }

  finish(): EncodedText {
    this.closePreToken();
    const used = <T extends Int32Array | Uint8Array>(array: T): T =>
      this.length === this.capacity ? array : (array.subarray(0, this.length) as T);
    return {
      text: this.text,
      ids: used(this.ids),
      starts: used(this.starts),
      ends: used(this.ends),
      preTokens: used(this.preTokens),
      caseTypes: used(this.caseTypes),
      subwords: used(this.subwords),
    };
  }

  private push(id: number, start: number, end: number): void {
    if (this.length === this.capacity) this.resize(Math.max(64, this.capacity * 2));
    if (this.vocabulary.continues[id] !== 1) {
      this.closePreToken();
      this.preToken++;
    }
    const index = this.length++;
    this.ids[index] = id;
    this.starts[index] = start;
    this.ends[index] = end;
    this.preTokens[index] = this.preToken;
  }

  private flagSubword(id: number, codePoints: number): void {
    if (this.vocabulary.lengths[id] !== codePoints && id !== this.vocabulary.unkId) {
      this.subwords[this.length - 1] = 1;
    }
  }

  /** An unknown token covers a whole pre-token, or is the user's own text "[UNK]". */
  private unknownEnd(text: string, start: number): number {
    if (text.startsWith(this.vocabulary.unkToken, start)) {
      return start + this.vocabulary.unkToken.length;
    }
    let end = start + 1;
    if (isPunctuation(text.charCodeAt(start))) return end;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (isWhitespace(code) || isPunctuation(code)) break;
    }
    return end;
  }

  private closePreToken(): void {
    const first = this.preTokenAt;
    if (first === this.length || !this.isCaseWanted) return;
    const caseType = caseClass(this.text, this.starts[first], this.ends[this.length - 1]);
    if (caseType !== 0) this.caseTypes.fill(caseType, first, this.length);
    this.preTokenAt = this.length;
  }

  private resize(capacity: number): void {
    const resized = <T extends Int32Array | Uint8Array>(to: T, from: T): T => {
      to.set(from.subarray(0, this.length));
      return to;
    };
    this.ids = resized(new Int32Array(capacity), this.ids);
    this.starts = resized(new Int32Array(capacity), this.starts);
    this.ends = resized(new Int32Array(capacity), this.ends);
    this.preTokens = resized(new Int32Array(capacity), this.preTokens);
    this.caseTypes = resized(new Uint8Array(capacity), this.caseTypes);
    this.subwords = resized(new Uint8Array(capacity), this.subwords);
    this.capacity = capacity;
  }
}
