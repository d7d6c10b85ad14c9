import { wordTokens, type CorpusSentence } from '../corpus/corpus.js';
import { rotation, startPlace } from '../rotation.js';
import type { TextTokenizer } from '../../src/ner/tokenizer.js';

interface TextsOptions {
  corpus: readonly CorpusSentence[];
  tokenizer: TextTokenizer;
  /** How many texts, each from its own place in the corpus. */
  count: number;
}

/** Texts of exactly `tokens` of the model's tokens: sentences of the corpus one behind the other, cut behind a token. */
export async function textsOfLength(tokens: number, options: TextsOptions): Promise<string[]> {
  const { corpus, tokenizer, count } = options;
  const texts: string[] = [];
  for (let index = 0; index < count; index++) {
    const text = longEnough(tokens, corpus, startPlace(index, count, corpus.length));
    const { ends } = await tokenizer.encode(text);
    // WordPiece takes the longest piece first, so what is left of a word that is cut has the same pieces.
    texts.push(text.slice(0, ends[tokens - 1]));
  }
  return texts;
}

/** A word has one token at least. */
function longEnough(tokens: number, corpus: readonly CorpusSentence[], start: number): string {
  const sentences: string[] = [];
  let words = 0;
  for (const place of rotation(start, corpus.length)) {
    if (words >= tokens) break;
    const { text } = corpus[place]!;
    sentences.push(text);
    words += wordTokens(text).length;
  }
  return sentences.join(' ');
}
