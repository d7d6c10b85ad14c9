import { isPlain, isPunctuation, isWhitespace, PlainNormalizer } from './plain-text.js';
import type { Vocabulary } from './vocabulary.js';

/**
 * BERT's WordPiece for plain text: of each word the longest entry that fits, from left to right (Devlin et al., 2018). The
 * native tokenizer gives the same ids; what it costs is the way to another thread and back (docs/decisions.md).
 */
export class PlainWordPiece {
  readonly #vocabulary: Vocabulary;
  readonly #normalizer: PlainNormalizer;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#normalizer = new PlainNormalizer(vocabulary);
  }

  /** Whether it can: text that is not plain, or in which something like [SEP] stands for itself, is the library's. */
  takes(text: string): boolean {
    return isPlain(text) && !this.#vocabulary.addedTokens.some((token) => text.includes(token));
  }

  ids(text: string): number[] {
    const normal = this.#normalizer.normalize(text);
    const ids: number[] = [];
    for (let at = 0; at < normal.length;) {
      const code = normal.charCodeAt(at);
      if (isWhitespace(code)) {
        at++;
        continue;
      }
      const end = isPunctuation(code) ? at + 1 : wordEnd(normal, at + 1);
      this.#appendWord(normal, { start: at, end }, ids);
      at = end;
    }
    return ids;
  }

  #appendWord(text: string, word: { start: number; end: number }, ids: number[]): void {
    const { entries, continuations, unkId, longestEntry, maxWordLength } = this.#vocabulary;
    const before = ids.length;
    let start = word.start;
    while (start < word.end && word.end - word.start <= maxWordLength) {
      const known = start === word.start ? entries : continuations;
      let end = Math.min(word.end, start + longestEntry);
      let id: number | undefined;
      while (end > start && (id = known.get(text.slice(start, end))) === undefined) end--;
      if (id === undefined) break;
      ids.push(id);
      start = end;
    }
    if (start === word.end) return;
    // A word of which any part is unknown is unknown as a whole.
    ids.length = before;
    ids.push(unkId);
  }
}

function wordEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (isWhitespace(code) || isPunctuation(code)) break;
    end++;
  }
  return end;
}
