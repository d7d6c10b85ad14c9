import { setImmediate } from 'node:timers/promises';
import type { Encoding, Tokenizer } from 'tokenizers';
import type { EncodedText } from './encoded-text.js';
import { EncodedTextBuilder, type TextSlice } from './encoded-text-builder.js';
import { codePointStarts } from './offset-units.js';
import { isPlain } from './plain-text.js';
import { TextSlicer } from './text-slicer.js';
import type { Vocabulary } from './vocabulary.js';
import { PlainWordPiece } from './word-piece.js';

const ENCODE_OPTIONS = { addSpecialTokens: false };

// Reading the tokens of 4096 UTF-16 units of prose takes .3 ms of the event loop.
const SLICE_LENGTH = 4096;
/** A slice that could not be cut may have any number of tokens; so many are read between two turns of the loop. */
export const TOKENS_PER_TURN = 1024;

export interface BertEncoderOptions {
  /** Whether case classes are wanted; zeros else. */
  readonly caseTypes: boolean;
  readonly sliceLength?: number | undefined;
}

/**
 * Encodes as BERT does. Short plain texts are encoded at once, which takes a few microseconds; all others beside the
 * event loop, in slices.
 */
export class BertEncoder {
  readonly #native: Tokenizer;
  readonly #vocabulary: Vocabulary;
  readonly #caseTypes: boolean;
  readonly #sliceLength: number;
  readonly #slicer: TextSlicer;
  readonly #wordPiece: PlainWordPiece;

  constructor(native: Tokenizer, vocabulary: Vocabulary, options: BertEncoderOptions) {
    this.#native = native;
    this.#vocabulary = vocabulary;
    this.#caseTypes = options.caseTypes;
    this.#sliceLength = options.sliceLength ?? SLICE_LENGTH;
    this.#slicer = new TextSlicer(vocabulary.addedTokens, this.#sliceLength);
    this.#wordPiece = new PlainWordPiece(vocabulary);
  }

  async encode(text: string): Promise<EncodedText> {
    if (text.length <= this.#sliceLength && this.#wordPiece.takes(text)) {
      const ids = this.#wordPiece.ids(text);
      const builder = this.#builder(text, ids.length);
      builder.appendPlain({ text, at: 0, starts: null }, ids);
      return builder.finish();
    }
    let builder: EncodedTextBuilder | undefined;
    for (let start = 0; start < text.length;) {
      const end = this.#slicer.sliceEnd(text, start);
      const slice = end - start === text.length ? text : text.slice(start, end);
      const encoding = await this.#native.encode(slice, null, ENCODE_OPTIONS);
      const ids = encoding.getIds();
      // What the other slices will need if they are like the first: copying 200 000 tokens takes 5 ms.
      const capacity = Math.ceil((ids.length * text.length) / (end - start));
      builder ??= this.#builder(text, capacity);
      if (isPlain(slice)) {
        builder.appendPlain({ text: slice, at: start, starts: null }, ids);
      } else {
        const placed = { text: slice, at: start, starts: codePointStarts(slice) };
        if (ids.length <= TOKENS_PER_TURN) builder.append(placed, ids, encoding.getOffsets());
        else await appendInTurns(builder, placed, { ids, encoding });
      }
      start = end;
    }
    return (builder ?? this.#builder(text, 0)).finish();
  }

  #builder(text: string, capacity: number): EncodedTextBuilder {
    const vocabulary = this.#vocabulary;
    return new EncodedTextBuilder(text, { vocabulary, capacity, caseTypes: this.#caseTypes });
  }
}

/** `getOffsets` would read them all at once: 40 ms for 130 000 tokens. */
async function appendInTurns(
  builder: EncodedTextBuilder,
  slice: TextSlice,
  { ids, encoding }: { ids: readonly number[]; encoding: Encoding },
): Promise<void> {
  for (let from = 0; from < ids.length; from += TOKENS_PER_TURN) {
    await setImmediate();
    const some = ids.slice(from, from + TOKENS_PER_TURN);
    const offsets = some.map((_, index) => encoding.tokenToChars(from + index) ?? []);
    builder.append(slice, some, offsets);
  }
}
