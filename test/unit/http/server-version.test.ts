import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { SERVER_VERSION } from '../../../src/http/server-version.js';

it('the version that the server tells is that of package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

  assert.equal(SERVER_VERSION, version);
});
