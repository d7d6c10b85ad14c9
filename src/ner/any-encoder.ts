import { setImmediate } from 'node:timers/promises';
import type { Encoding, Tokenizer } from 'tokenizers';
import { TOKENS_PER_TURN } from './bert-encoder.js';
import type { EncodedText } from './encoded-text.js';
import { codePointStarts } from './offset-units.js';
import { PreTokenRule } from './pre-token-rule.js';
import type { TokenizerFacts } from './tokenizer-facts.js';

const ENCODE_OPTIONS = { addSpecialTokens: false };

/**
 * Encodes with any tokenizer of the library: byte-level BPE, unigram and others. Beside the event loop, and whole: what
 * such a tokenizer makes of a part may depend on what stands before it.
 */
export class AnyEncoder {
  readonly #native: Tokenizer;
  readonly #facts: TokenizerFacts;

  constructor(native: Tokenizer, facts: TokenizerFacts) {
    this.#native = native;
    this.#facts = facts;
  }

  async encode(text: string): Promise<EncodedText> {
    const encoding = await this.#native.encode(text, null, ENCODE_OPTIONS);
    const ids = Int32Array.from(encoding.getIds());
    const encoded = {
      text,
      ids,
      starts: new Int32Array(ids.length),
      ends: new Int32Array(ids.length),
      preTokens: new Int32Array(ids.length),
      caseTypes: new Uint8Array(ids.length),
      subwords: new Uint8Array(ids.length),
    };
    const words = new Int32Array(ids.length);
    await readTokens(encoding, encoded, words);
    const rule = new PreTokenRule(encoded, words);
    for (let token = 0, preToken = -1; token < ids.length; token++) {
      if (rule.beginsAt(token)) preToken++;
      encoded.preTokens[token] = preToken;
      if (this.#isSubword(encoded, token)) encoded.subwords[token] = 1;
    }
    return encoded;
  }

  /**
   * As transformers 5 has it: by length where entries say whether they continue a word; else where neither the
   * character before a token nor its first one is a space.
   */
  #isSubword({ text, ids, starts, ends }: EncodedText, token: number): boolean {
    const { unkId, markedLengths } = this.#facts;
    const id = ids[token]!;
    if (id === unkId) return false;
    const start = starts[token]!;
    if (markedLengths === undefined) {
      return start > 0 && text[start - 1] !== ' ' && text[start] !== ' ';
    }
    return markedLengths[id] !== Array.from(text.slice(start, ends[token])).length;
  }
}

/** Fills starts and ends, and the library's word of each token (-1: none). */
async function readTokens(
  encoding: Encoding,
  { text, ids, starts, ends }: EncodedText,
  words: Int32Array,
): Promise<void> {
  const places = codePointStarts(text);
  for (let token = 0; token < ids.length; token++) {
    // Asked for all at once, 130 000 of them would take 40 ms.
    if (token > 0 && token % TOKENS_PER_TURN === 0) await setImmediate();
    const [start, end] = encoding.tokenToChars(token) ?? [0, 0];
    starts[token] = places === null ? start : places[start]!;
    ends[token] = places === null ? end : places[end]!;
    words[token] = encoding.tokenToWord(token) ?? -1;
  }
}
