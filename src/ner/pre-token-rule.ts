import type { EncodedText } from './encoded-text.js';

const BLANK = /^\s*$/;
const MARK = /^\p{M}/u;
/** Punctuation, symbols, and scripts that are written without spaces between words. */
const ALONE =
  /^[\p{P}\p{S}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * Where pre-tokens begin among the tokens of a tokenizer that is not BERT's. The words of such a tokenizer end at
 * spaces only, or not at all, so they are divided further: around punctuation, and at every token of a script without
 * spaces. Tokens that share a character are never divided.
 */
export class PreTokenRule {
  readonly #encoded: Pick<EncodedText, 'text' | 'starts' | 'ends'>;
  readonly #words: Int32Array;

  /** `words`: the library's word of each token, -1 for none. */
  constructor(encoded: Pick<EncodedText, 'text' | 'starts' | 'ends'>, words: Int32Array) {
    this.#encoded = encoded;
    this.#words = words;
  }

  beginsAt(token: number): boolean {
    if (token === 0) return true;
    const { starts, ends } = this.#encoded;
    if (starts[token]! < ends[token - 1]!) return false;
    // A space that is a token of its own leads its word; one without a word belongs to what stands before it.
    if (this.#isBlank(token) && !this.#continues(token + 1)) return false;
    if (!this.#continues(token)) return true;
    if (this.#isBlank(token - 1)) return false;
    return this.#standsAlone(token);
  }

  /** The token is of the same word as the one before it. */
  #continues(token: number): boolean {
    const word = this.#words[token];
    return word !== undefined && word >= 0 && word === this.#words[token - 1];
  }

  #isBlank(token: number): boolean {
    const { text, starts, ends } = this.#encoded;
    // A blank of many characters is rare; what is not blank shows at once.
    return BLANK.test(text.slice(starts[token], ends[token]));
  }

  #standsAlone(token: number): boolean {
    const { text, starts, ends } = this.#encoded;
    const start = starts[token]!;
    const first = characterAt(text, start);
    if (MARK.test(first)) return false;
    return ALONE.test(first) || ALONE.test(characterBefore(text, ends[token - 1]!));
  }
}

function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function characterBefore(text: string, at: number): string {
  const low = text.charCodeAt(at - 1);
  return characterAt(text, low >= 0xdc00 && low <= 0xdfff ? at - 2 : at - 1);
}
