/** Texts as large as a body may be, of every kind, while another caller asks for short ones. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { GatewayProcess } from '../support/gateway-process.js';

const BYTES = 250_000;
const KINDS: Record<string, string> = {
  prose: 'Angela Merkel visited the BBC in London. ',
  'one word': 'x',
  spaces: ' ',
  punctuation: '.',
  CJK: '東京',
  emoji: '😀',
  'combining marks': 'e\u0301',
};

describe('a text of 250,000 bytes', () => {
  let gateway: GatewayProcess;
  before(async () => (gateway = await GatewayProcess.start({ ENTIER_LOG_LEVEL: 'warn' })));
  after(() => gateway.stop());

  const ask = async (text: string): Promise<Response> =>
    fetch(`${gateway.url}/ner`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text, variant: 'distilled-3l-int8', latency_budget_ms: 600_000 }),
    });

  for (const [name, unit] of Object.entries(KINDS)) {
    it(`of ${name} is answered, and short texts meanwhile too`, { timeout: 300_000 }, async () => {
      const text = unit.repeat(Math.floor(BYTES / Buffer.byteLength(unit)));
      let done = false as boolean;
      const long = ask(text).finally(() => (done = true));
      while (!done) {
        const response = await ask('Tony Blair met her in Paris.');
        assert.equal(response.status, 200);
        await response.arrayBuffer();
      }
      const { entities } = (await (await long).json()) as {
        entities: { start: number; end: number }[];
      };
      if (name === 'prose') assert.ok(entities.length > 15_000, `${entities.length} entities`);
      assert.ok(entities.every(({ start, end }) => start < end));
    });
  }
});
