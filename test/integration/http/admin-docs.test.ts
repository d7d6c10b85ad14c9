import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { buildRequestSchema, fitRequestSchema } from '../../../src/http/admin-schema.js';
import { recipeSchema } from '../../../src/compress/recipe.js';
import { requestOf } from '../../support/curl-command.js';
import { ADMIN_KEY, FakeAdmin } from '../../support/fake-admin.js';
import { startHttp, type HttpHarness } from '../../support/http-harness.js';

const doc = readFileSync('docs/http-api.md', 'utf8');
const chapter = doc.split('\n## The admin API\n')[1]!.split('\n## ')[0]!;
const examples = [
  ...chapter.matchAll(/```bash\n(.*?)\n```\n(?:.{0,200}?\n```json\n(.*?)\n```)?/gs),
];

/** What the text after the example shows, or nothing where it shows no body. */
const documented = (json: string | undefined): unknown =>
  json === undefined ? undefined : (JSON.parse(json) as unknown);

function fieldsIn(heading: string): string[] {
  const section = chapter.split(`\n### ${heading}\n`)[1]!.split('\n### ')[0]!;
  const rows = section
    .split('| field of the request |')[1]!
    .matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm);
  return [...rows].flatMap(([, names]) => names!.replaceAll('`', '').split(', '));
}

describe('the examples of the admin API in docs/http-api.md', () => {
  const admin = new FakeAdmin();
  let http: HttpHarness;
  before(async () => {
    http = await startHttp({}, { admin: admin.options() });
  });
  after(() => http.close());

  it('are found', () => assert.equal(examples.length, 6));

  for (const [, commands, json] of examples) {
    // A command goes on after a backslash.
    for (const command of commands!.split(/(?<!\\)\n/)) {
      it(command, async () => {
        // The list is documented with one build, and what was made by the examples before does not count.
        if (command.includes('/admin/builds ')) admin.forgetAllBut('b1');
        const { url, init } = requestOf(command, { ENTIER_ADMIN_KEY: ADMIN_KEY });

        const response = await fetch(http.url + url.pathname, init);

        const expected = documented(json);
        const text = await response.text();
        assert.ok(response.ok, text);
        if (expected === undefined) assert.equal(response.status, 204);
        else assert.deepEqual(JSON.parse(text), expected);
      });
    }
  }
});

describe('the fields of the admin API in docs/http-api.md', () => {
  it('are those of a build', () => {
    const fields = Object.keys(buildRequestSchema(recipeSchema).shape);
    assert.deepEqual(fieldsIn('POST /admin/variants').sort(), fields.sort());
  });

  it('are those of a fit', () => {
    const fields = Object.keys(fitRequestSchema.shape);
    assert.deepEqual(fieldsIn('POST /admin/variants/fit').sort(), fields.sort());
  });
});
