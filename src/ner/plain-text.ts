/**
 * Text in which BERT's normalizer makes one UTF-16 unit of each: ASCII, most letters of alphabets, typographic punctuation.
 * Where a token of such text lies follows from the lengths of the tokens before it.
 */

/** All below the general punctuation and with it. */
const TABLE_SIZE = 0x2070;
const NOT_PLAIN = 0;
const WHITESPACE = 1;
const PUNCTUATION = 2;
const WORD = 3;

// The normalizer drops controls and makes a space of every separator; a mark belongs to the letter before it.
const LEFT_OUT = /[\p{C}\p{Z}\p{M}]/u;
const PUNCTUATION_SIGN = /[\p{P}!-/:-@[-`{-~]/u;
// Which signs of other scripts are punctuation changes from one version of Unicode to the next.
const SETTLED_SIGN = /[\0-\u024f\u2010-\u205e]/u;
const ACCENTS = /\p{Mn}/gu;

const kinds = Uint8Array.from({ length: TABLE_SIZE }, (_, code) => {
  const character = String.fromCharCode(code);
  if (' \n\t\r'.includes(character)) return WHITESPACE;
  if (LEFT_OUT.test(character)) return NOT_PLAIN;
  if (!SETTLED_SIGN.test(character) && !/\p{L}/u.test(character)) return NOT_PLAIN;
  if (PUNCTUATION_SIGN.test(character)) return PUNCTUATION;
  // With or without its accents and capitals.
  return withoutAccents(character).toLowerCase().length === 1 &&
    character.toLowerCase().length === 1
    ? WORD
    : NOT_PLAIN;
});

export function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= TABLE_SIZE || kinds[code] === NOT_PLAIN) return false;
  }
  return true;
}

/** Whether words end here; of plain text only, as the next one. */
export function isWhitespace(code: number): boolean {
  return kinds[code] === WHITESPACE;
}

/** Each of these is a pre-token by itself. */
export function isPunctuation(code: number): boolean {
  return kinds[code] === PUNCTUATION;
}

export interface Normalization {
  readonly lowercase: boolean;
  readonly stripsAccents: boolean;
}

/** Normalizes plain text, unit by unit, so that what stands around a letter never counts. */
export class PlainNormalizer {
  readonly #normals: Uint16Array;

  constructor({ lowercase, stripsAccents }: Normalization) {
    this.#normals = Uint16Array.from(kinds, (kind, code) => {
      if (kind === NOT_PLAIN) return 0;
      const character = String.fromCharCode(code);
      const bare = stripsAccents ? withoutAccents(character) : character;
      return (lowercase ? bare.toLowerCase() : bare).charCodeAt(0);
    });
  }

  /** As long as `text`. */
  normalize(text: string): string {
    const units = new Uint16Array(text.length);
    for (let at = 0; at < text.length; at++) units[at] = this.#normals[text.charCodeAt(at)]!;
    return UTF16.decode(units);
  }
}

const UTF16 = new TextDecoder('utf-16le');

function withoutAccents(character: string): string {
  return character.normalize('NFD').replace(ACCENTS, '');
}
