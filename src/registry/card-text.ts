import type { Card } from './card.js';

/** The text of a card.json: indented for people, but each sentence of `reference` on a line, at the end. */
export function cardText(card: Card): string {
  const { reference, ...facts } = card;
  const sentences = reference.map((sentence) => `    ${JSON.stringify(sentence)}`).join(',\n');
  const head = JSON.stringify(facts, null, 2).replace(/\n\}$/, '');
  return `${head},\n  "reference": [\n${sentences}\n  ]\n}\n`;
}
