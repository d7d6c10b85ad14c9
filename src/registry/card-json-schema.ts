import { z } from 'zod';
import { cardSchema } from './card.js';

/** The card's JSON Schema as text, as it stands in `models/card.schema.json` (`npm run schema` writes it). */
export function cardJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(cardSchema, { target: 'draft-2020-12' }), null, 2)}\n`;
}
