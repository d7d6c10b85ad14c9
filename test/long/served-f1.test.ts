/** The F1 that every card promises, measured again through `POST /ner`: about a minute a variant. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { GatewayProcess } from '../support/gateway-process.js';
import type { Card } from '../../src/registry/card.js';

/** CoNLL-2003 column files; they are not part of the project. */
const DATA = process.env.CONLL2003_DIR ?? path.join('..', 'shared', 'data', 'conll2003');
const missing = existsSync(path.join(DATA, 'eng.testa'))
  ? false
  : `${DATA} is missing; set CONLL2003_DIR to a folder with eng.testa and eng.testb`;

describe('served F1 through HTTP', { skip: missing }, () => {
  const { variants, retired = [] } = JSON.parse(readFileSync('models/manifest.json', 'utf8')) as {
    variants: string[];
    retired?: string[];
  };
  for (const name of variants.filter((each) => !retired.includes(each))) {
    it(`${name} reaches what its card says`, async () => {
      execFileSync('bash', ['scripts/setup_venv.sh']);
      const gateway = await GatewayProcess.start({ ENTIER_LOG_LEVEL: 'warn' });
      try {
        const args = [
          '-m',
          'scripts.evaluate',
          '--data',
          DATA,
          '--names',
          name,
          '--url',
          gateway.url,
        ];
        const output = execFileSync('.venv/bin/python', args, { encoding: 'utf8' });
        const { evaluation } = JSON.parse(readFileSync(`models/${name}/card.json`, 'utf8')) as Card;
        for (const split of ['validation', 'test']) {
          const found = new RegExp(`${split}: served F1 ([\\d.]+)`).exec(output)?.[1];
          const { f1 } = evaluation[split] as { f1: number };
          // Four decimals are printed; another CPU may round int8 a little otherwise.
          assert.ok(
            Math.abs(Number(found) - f1) <= 0.001,
            `${split}: ${found} here, ${f1} on the card`,
          );
        }
      } finally {
        await gateway.stop();
      }
    });
  }
});
