import { readCard, tokenizerOf } from '../model-card.js';
import { startPeer } from '../peer.js';
import { TextTokenizer } from '../../src/ner/tokenizer.js';
import { httpSide } from './http-side.js';
import { allLabels, entitiesOfTokens, type LabelledToken } from './read-entities.js';
import type { RunningSide } from './side.js';

interface TransformersSideOptions {
  modelsDir: string;
  variant: string;
  threads: number | undefined;
}

/** transformers.js behind Express. It answers labels of tokens, so spans are made of them here, to score them. */
export async function startTransformersSide(
  options: TransformersSideOptions,
): Promise<RunningSide> {
  const { modelsDir, variant } = options;
  const tokenizer = TextTokenizer.fromFile(tokenizerOf(modelsDir, readCard(modelsDir, variant)));
  return httpSide({
    name: 'transformers.js',
    server: await startPeer(options),
    variant,
    labels: allLabels,
    read: async (body: { entities: LabelledToken[] }, text) =>
      entitiesOfTokens(body.entities, await tokenizer.encode(text)),
  });
}
