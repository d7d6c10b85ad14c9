const WHITESPACE = '\\t\\n\\r ';
const PUNCTUATION =
  '!-/:-@[-`{-~' + // ASCII
  '\\u00a1\\u00a7\\u00ab\\u00b6\\u00b7\\u00bb\\u00bf\\u2010-\\u2027\\u2030-\\u2043' +
  '\\u3001-\\u3003\\u3008-\\u3011\\uff01-\\uff03\\uff05-\\uff0a\\uff0c-\\uff0f\\uff1a\\uff1b\\uff1f\\uff20';
const IDEOGRAPH = '\\u3400-\\u4dbf\\u4e00-\\u9fff';

// After each of these is a pre-token boundary whatever follows, combining marks included: BERT makes or keeps a space
// there before it strips accents. Rarer characters of the kind are left out; without them a slice only grows longer.
const PLACES = [WHITESPACE, PUNCTUATION, IDEOGRAPH].map((kind) => new RegExp(`[${kind}]`));
const ANY_PLACE = new RegExp(`[${WHITESPACE}${PUNCTUATION}${IDEOGRAPH}]`, 'g');

/** Cuts long texts where no pre-token is cut, so that the slices' tokens are the whole text's tokens. */
export class TextSlicer {
  /** `addedTokens` are never cut. `sliceLength` is in UTF-16 units; slices are mostly shorter. */
  constructor(
    private readonly addedTokens: readonly string[],
    private readonly sliceLength: number,
  ) {}

  /** Where the slice that begins at `start` ends; it grows past `sliceLength` until it finds a place. */
  sliceEnd(text: string, start: number): number {
    const target = start + this.sliceLength;
    if (text.length <= target) return text.length;
    const lowest = start + Math.ceil(this.sliceLength / 2);
    for (const place of PLACES) {
      for (let cut = target; cut >= lowest; cut--) {
        if (place.test(text[cut - 1]!) && !this.cutsAddedToken(text, cut)) return cut;
      }
    }
    // One search, because it may go over the whole text.
    ANY_PLACE.lastIndex = target;
    for (let place = ANY_PLACE.exec(text); place !== null; place = ANY_PLACE.exec(text)) {
      const cut = place.index + 1;
      if (!this.cutsAddedToken(text, cut)) return cut;
    }
    return text.length;
  }

  private cutsAddedToken(text: string, cut: number): boolean {
    return this.addedTokens.some((token) =>
      text.slice(Math.max(0, cut - token.length + 1), cut + token.length - 1).includes(token),
    );
  }
}
