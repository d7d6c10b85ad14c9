import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { requestOf } from '../support/curl-command.js';
import { GatewayProcess } from '../support/gateway-process.js';

/** Strings of these members are compared, those of others may differ. */
const EXACT = new Set(['text', 'label', 'code', 'type', 'title', 'pointer', 'offset_unit', 'arm']);
/** Null in one answer and something in the next. */
const NULLABLE = new Set([
  ...['experiment', 'parent', 'calibration', 'p50', 'p90', 'p99'],
  // Of a variant that is not loaded.
  ...['profile', 'provider'],
]);
/** Present only where there is something to say. */
const OPTIONAL = new Set(['detail']);
/** Lists that are as long as documented; of others every element is like the first documented one. */
const PAIRWISE = new Set(['entities', 'results', 'errors', 'arms']);

const doc = readFileSync('docs/http-api.md', 'utf8');
const EXAMPLE = /```sh\n(curl .*?)\n```\n\n```json\n(.*?)\n```/gs;
const examples = [...doc.matchAll(EXAMPLE)].map(([, command, answer]) => ({
  command: command!,
  answer: JSON.parse(answer!) as unknown,
}));

/** Same members, same types, same entities. `key` is the name of the member that holds the value. */
function assertLike(
  actual: unknown,
  documented: unknown,
  { at, key }: { at: string; key: string },
): void {
  if (NULLABLE.has(key) && (actual === null || documented === null)) return;
  if (Array.isArray(documented)) {
    assert.ok(Array.isArray(actual), at);
    if (PAIRWISE.has(key)) assert.equal(actual.length, documented.length, `${at}: length`);
    else assert.ok(actual.length > 0, `${at} is empty`);
    actual.forEach((element, index) => {
      const like: unknown = PAIRWISE.has(key) ? documented[index] : documented[0];
      assertLike(element, like, { at: `${at}/${index}`, key: '' });
    });
  } else if (typeof documented === 'object' && documented !== null) {
    assert.ok(typeof actual === 'object' && actual !== null, at);
    assertMembersLike(actual as Members, documented as Members, at);
  } else {
    assert.equal(typeof actual, typeof documented, at);
    if (EXACT.has(key)) assert.equal(actual, documented, at);
  }
}

type Members = Readonly<Record<string, unknown>>;

function assertMembersLike(actual: Members, documented: Members, at: string): void {
  // Counts by label: which labels there are depends on the traffic.
  if (at.endsWith('/entities')) return;
  const names = (members: Members): string[] =>
    Object.keys(members)
      .filter((name) => !OPTIONAL.has(name))
      .sort();
  assert.deepEqual(names(actual), names(documented), at);
  for (const name of names(documented)) {
    assertLike(actual[name], documented[name], { at: `${at}/${name}`, key: name });
  }
}

describe('the examples of docs/http-api.md', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'entier-docs-'));
  let gateway: GatewayProcess;

  before(async () => {
    const config = /```json entier\.config\.json\n(.*?)\n```/s.exec(doc)?.[1];
    assert.ok(config !== undefined, 'the documented configuration');
    const file = path.join(dir, 'entier.config.json');
    writeFileSync(file, config);
    gateway = await GatewayProcess.start({ ENTIER_CONFIG: file });
  });
  after(async () => {
    await gateway.stop();
    rmSync(dir, { recursive: true });
  });

  it('are found', () => assert.ok(examples.length >= 10, `${examples.length} examples`));

  for (const { command, answer } of examples) {
    it(command, async () => {
      const { url, init } = requestOf(command);
      const response = await fetch(new URL(url.pathname, gateway.url), init);

      const { status = 200 } = answer as { status?: unknown };
      assert.equal(response.status, typeof status === 'number' ? status : 200);
      assertLike(await response.json(), answer, { at: '', key: '' });
    });
  }
});
