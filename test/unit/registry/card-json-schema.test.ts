import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { cardJsonSchema } from '../../../src/registry/card-json-schema.js';

it('models/card.schema.json is what the zod schema says (npm run schema writes it)', () => {
  assert.equal(readFileSync('models/card.schema.json', 'utf8'), cardJsonSchema());
});
