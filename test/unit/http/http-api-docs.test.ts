import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../src/config.js';
import { nerRequestSchema } from '../../../src/http/ner-schema.js';
import { CODES } from '../../../src/http/problem.js';
import { routesOf } from '../../../src/http/routes.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { FakeAdmin } from '../../support/fake-admin.js';
import { FakeGateway } from '../../support/fake-gateway.js';

const doc = readFileSync('docs/http-api.md', 'utf8');
const config = loadConfig({ env: {}, readFile: () => undefined });

/** The rows of a section's table, by what stands in backquotes in the first column. */
function rows(heading: string): Map<string, string> {
  const section = doc.split(`\n${heading}\n`)[1]?.split(/\n##+ /)[0] ?? '';
  const found = section.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm);
  return new Map([...found].map(([, name, second]) => [name!, second!.trim()]));
}

describe('docs/http-api.md', () => {
  it('lists every error code with its status, and no other', () => {
    const expected = Object.entries(CODES).map(([code, { status }]) => [code, String(status)]);

    assert.deepEqual([...rows('## Errors')].sort(), expected.sort());
  });

  it('lists every field of the request, and no other', () => {
    const fields = Object.keys(nerRequestSchema(config).shape);

    assert.deepEqual([...rows('### Fields of the request').keys()].sort(), fields.sort());
  });

  it('lists every route', () => {
    const gateway = new FakeGateway();
    const metrics = createMetrics();
    const admin = new FakeAdmin().options();
    for (const { method, path } of routesOf({ gateway, config, metrics, admin, now: () => 0 })) {
      assert.ok(doc.includes(`\`${method.toUpperCase()} ${path}\``), `${method} ${path}`);
    }
  });
});
