import { readFileSync } from 'node:fs';
import { Tokenizer } from 'tokenizers';
import { AnyEncoder } from './any-encoder.js';
import { BertEncoder } from './bert-encoder.js';
import type { EncodedText } from './encoded-text.js';
import { tokenizerFacts, type TokenizerFacts, type TokenNames } from './tokenizer-facts.js';
import { vocabularyOf } from './vocabulary.js';

export interface TokenizerOptions extends TokenNames {
  /** Whether the model is told about capitals; needs a tokenizer of BERT's kind. The default. */
  readonly caseTypes?: boolean | undefined;
  /** For tests: UTF-16 units of a slice. */
  readonly sliceLength?: number | undefined;
}

/** A model's tokenizer, with the very ids that Python's gives: BERT's by our own means, any other by the library. */
export class TextTokenizer {
  readonly clsId: number;
  readonly sepId: number;
  readonly padId: number;
  /** No token has a larger id. */
  readonly largestId: number;
  readonly #encoder: Pick<BertEncoder, 'encode'>;

  private constructor(facts: TokenizerFacts, encoder: Pick<BertEncoder, 'encode'>) {
    this.clsId = facts.clsId;
    this.sepId = facts.sepId;
    this.padId = facts.padId;
    this.largestId = facts.largestId;
    this.#encoder = encoder;
  }

  /** Reads a tokenizer.json. Throws where it is missing, damaged or not for a tagger. */
  static fromFile(path: string, options: TokenizerOptions = {}): TextTokenizer {
    return TextTokenizer.fromJson(readFileSync(path, 'utf8'), options);
  }

  /** Of the text of a tokenizer.json. Throws where it is damaged or not for a tagger. */
  static fromJson(json: string, options: TokenizerOptions = {}): TextTokenizer {
    const { caseTypes = true, sliceLength } = options;
    const file: unknown = JSON.parse(json);
    const facts = tokenizerFacts(file, options);
    const vocabulary = vocabularyOf(file);
    const native = Tokenizer.fromString(json);
    native.disableTruncation();
    native.disablePadding();
    if (vocabulary !== undefined && vocabulary.unkId === facts.unkId) {
      const bert = new BertEncoder(native, vocabulary, { caseTypes, sliceLength });
      return new TextTokenizer(facts, bert);
    }
    if (options.caseTypes === true)
      throw new Error('case types need a tokenizer of the kind that BERT has');
    return new TextTokenizer(facts, new AnyEncoder(native, facts));
  }

  /** `text` must have no lone surrogates. No special tokens are added, nothing is cut off. */
  encode(text: string): Promise<EncodedText> {
    return this.#encoder.encode(text);
  }
}
