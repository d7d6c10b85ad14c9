import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadConfig } from '../../../src/config.js';
import { openLoopback, type Loopback } from '../../../src/http/loopback.js';

describe('openLoopback', () => {
  const config = loadConfig({ env: {}, readFile: () => undefined });
  let loopback: Loopback;

  before(async () => (loopback = await openLoopback(config)));
  after(() => loopback.close());

  it('takes texts there and back, several at once', async () => {
    const texts = ['Angela Merkel visited London.', 'Zoë flew to Łódź 🛫', ''];
    await Promise.all(texts.map((text) => loopback.exchange(text)));
  });

  it('rejects where the HTTP side refuses the request, so that nothing cheaper is measured', async () => {
    const tooLong = 'x'.repeat(config.limits.maxBodyBytes);
    await assert.rejects(loopback.exchange(tooLong), /answered with 413/);
  });

  it('closes while connections are kept open, and answers no more', async () => {
    const other = await openLoopback(config);
    await other.exchange('Some text.');
    await other.close();
    await assert.rejects(other.exchange('Some text.'), { code: 'ECONNREFUSED' });
  });
});
