import { TextTokenizer } from '../ner/tokenizer.js';
import type { Card } from './card.js';

/** Opens the tokenizer.json of a card, as the model of the card wants it. Throws where the file cannot be used. */
export function openTokenizer(
  { tokenizer, inputs }: Pick<Card, 'tokenizer' | 'inputs'>,
  file: string,
): TextTokenizer {
  const { unknownToken, padToken } = tokenizer;
  return TextTokenizer.fromFile(file, { caseTypes: inputs.caseTypes, unknownToken, padToken });
}
