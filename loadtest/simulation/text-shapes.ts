import path from 'node:path';
import { TextTokenizer } from '../../src/ner/tokenizer.js';
import type { CorpusSentence } from '../corpus/corpus.js';

/** [CLS] and [SEP]. */
const SPECIAL_TOKENS = 2;

/** What a simulated request needs to know of a text. */
export interface TextShape {
  /** Special tokens included. */
  readonly tokens: number;
  /** Expected from its length: what a text really holds is known to no policy, and so is only noise to all. */
  readonly entities: number;
}

/** The corpus as the tokenizer in `modelsDir` cuts it. Entities are a least-squares line through tokens and labels. */
export async function textShapes(
  corpus: readonly CorpusSentence[],
  modelsDir: string,
): Promise<TextShape[]> {
  const tokenizer = TextTokenizer.fromFile(path.join(modelsDir, 'tokenizer', 'tokenizer.json'));
  const counts: { tokens: number; entities: number }[] = [];
  for (const { text, entities } of corpus) {
    const { ids } = await tokenizer.encode(text);
    counts.push({ tokens: ids.length + SPECIAL_TOKENS, entities: entities.length });
  }
  const line = fitLine(counts);
  return counts.map(({ tokens }) => ({ tokens, entities: line(tokens) }));
}

function fitLine(points: readonly { tokens: number; entities: number }[]): (x: number) => number {
  const meanOf = (read: (point: (typeof points)[number]) => number): number =>
    points.reduce((sum, point) => sum + read(point), 0) / points.length;
  const x = meanOf(({ tokens }) => tokens);
  const y = meanOf(({ entities }) => entities);
  const covariance = meanOf(({ tokens, entities }) => (tokens - x) * (entities - y));
  const variance = meanOf(({ tokens }) => (tokens - x) ** 2);
  const slope = variance === 0 ? 0 : covariance / variance;
  // An expectation of nothing would make a text worth nothing.
  return (tokens) => Math.max(0.1, y + slope * (tokens - x));
}
