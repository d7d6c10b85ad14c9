import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import {
  entitiesOf,
  FOREIGN,
  readForeignFile,
  STRATEGIES,
  type ForeignEntity,
} from '../support/foreign-models.js';
import { GatewayProcess } from '../support/gateway-process.js';

const COMMAND = path.join(import.meta.dirname, '../../src/cli/models-add.js');
const NAMES = ['roberta', 'bert-cased', 'distilbert', 'deberta-v3'];
const KEY = 'a-key-of-sixteen-characters-or-more';
/** Every such text; enough of each script. */
const EVERY = 17;

const run = promisify(execFile);

async function command(...args: string[]): Promise<{ code: number; output: string }> {
  try {
    const { stdout } = await run(process.execPath, [COMMAND, ...args]);
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, output: stderr };
  }
}

describe('a gateway with models that somebody brought', () => {
  let root: string;
  let models: string;
  let gateway: GatewayProcess;

  before(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'entier-foreign-'));
    models = path.join(root, 'models');
    const sentences = path.join(root, 'sentences.txt');
    writeFileSync(sentences, 'Ann Lee left Oslo.\n王芳住在上海\n');
    for (const name of NAMES) {
      const { code, output } = await command(
        ...[path.join(FOREIGN, name), '--models', models, '--sentences', sentences],
      );
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(`^added ${name}: 0\\.2 MB, \\d+ labels, windows of 256`));
    }
    gateway = await GatewayProcess.start({
      ENTIER_MODELS_DIR: models,
      ENTIER_PROFILES_DIR: path.join(root, 'profiles'),
      ENTIER_ADMIN_KEY: KEY,
      ENTIER_WORKERS: '1',
      ENTIER_THREADS: '1',
    });
  });
  after(async () => {
    await gateway.stop();
    rmSync(root, { recursive: true });
  });

  async function post(body: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${gateway.url}/ner`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const json = (await answer.json()) as Record<string, unknown>;
    assert.equal(answer.status, 200, JSON.stringify(json));
    return json;
  }

  it("answers over HTTP as Python's pipeline does", async () => {
    const { texts, answers } = readForeignFile();
    const some = texts.flatMap((text, index) =>
      index % EVERY === 0 && text !== '' ? [index] : [],
    );
    for (const variant of NAMES) {
      for (const aggregation of STRATEGIES) {
        const { results } = await post({
          texts: some.map((index) => texts[index]),
          variant,
          aggregation,
          latency_budget_ms: 60_000,
        });
        const plain = ({ label, start, end }: ForeignEntity): unknown[] => [label, start, end];
        some.forEach((index, at) => {
          const result = (results as { variant: string; entities: ForeignEntity[] }[])[at]!;
          assert.equal(result.variant, variant);
          assert.deepEqual(
            result.entities.map(plain),
            entitiesOf(answers[variant]!, aggregation, index).map(plain),
            `${variant}, ${aggregation}: ${JSON.stringify(texts[index])}`,
          );
        });
      }
    }
  });

  it('answers with the first model where none is named, and keeps to the labels that are asked for', async () => {
    const text = 'Anna lives near the river in Oslo and the bank in Berlin.';
    const all = await post({ text, aggregation: 'none' });
    assert.equal(all.variant, 'roberta');
    const labels = (all.entities as ForeignEntity[]).map(({ label }) => label);
    assert.ok(labels.length > 0);
    const wanted = labels[0]!.slice(2);
    const { entities } = await post({ text, aggregation: 'none', labels: [wanted] });
    assert.deepEqual(
      (entities as ForeignEntity[]).map(({ label }) => label),
      labels.filter((label) => label.slice(2) === wanted),
    );
  });

  it('says what it does not know of them', async () => {
    const answer = await fetch(`${gateway.url}/variants`);
    const { variants } = (await answer.json()) as { variants: Record<string, unknown>[] };
    assert.deepEqual(
      variants.slice(0, 4).map(({ name, state, quality }) => [name, state, quality]),
      NAMES.map((name) => [name, 'active', null]),
    );
  });

  it('takes one in while it serves, and says why it refuses one', async () => {
    const { texts, answers } = readForeignFile();
    cpSync(path.join(FOREIGN, 'xlm-roberta'), path.join(models, 'incoming/theirs'), {
      recursive: true,
    });
    const add = async (body: unknown): Promise<[number, Record<string, unknown>]> => {
      const answer = await fetch(`${gateway.url}/admin/models`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${KEY}` },
        body: JSON.stringify(body),
      });
      return [answer.status, (await answer.json()) as Record<string, unknown>];
    };
    assert.deepEqual(await add({ directory: 'incoming/theirs' }), [201, { name: 'theirs' }]);

    const index = texts.findIndex((text) => text.length > 40);
    const text = texts[index];
    const { entities } = await post({ text, variant: 'theirs', aggregation: 'average' });
    const plain = ({ label, start, end }: ForeignEntity): unknown[] => [label, start, end];
    assert.deepEqual(
      (entities as ForeignEntity[]).map(plain),
      entitiesOf(answers['xlm-roberta']!, 'average', index).map(plain),
    );

    assert.equal((await add({ directory: 'incoming/theirs' }))[0], 409);
    const [status, problem] = await add({ directory: 'incoming', name: 'none' });
    assert.equal(status, 422);
    assert.match(JSON.stringify(problem), /config\.json: there is no such file/);
    assert.ok(!JSON.stringify(problem).includes(root));
    const { results } = await post({ texts: ['Anna lives in Oslo.'] });
    assert.equal((results as { variant: string }[])[0]!.variant, 'roberta');
  });

  it('is told by the command what is wrong, with an exit code', async () => {
    const wrong = async (...args: string[]): Promise<string> => {
      const { code, output } = await command(...args);
      return `${code} ${output}`;
    };
    const folder = path.join(FOREIGN, 'roberta');
    assert.match(await wrong(), /^2 say which folder/);
    assert.match(await wrong(folder, '--tagging', 'io'), /^2 --tagging takes iob1 or iob2/);
    assert.match(await wrong(folder, '--colour'), /^2 Unknown option '--colour'/);
    assert.match(await wrong(folder, '--sentences', root), /^2 --sentences: .*EISDIR/);
    const long = path.join(root, 'long.txt');
    writeFileSync(long, `Ann ${'x'.repeat(10_000)}\n`);
    assert.match(
      await wrong(folder, '--sentences', long),
      /^2 --sentences: the text that begins with "Ann x+" has 10004 characters; at most 10000/,
    );
    assert.match(await wrong(folder, '--models', models), /^2 there is a roberta already/);
    assert.match(await wrong(root, '--models', models), /^1 config\.json: there is no such file/);
    assert.match(await wrong(folder, '--models', FOREIGN), /^1 .*manifest\.json cannot be read/);
    assert.match(await wrong('--help'), /^0 npm run models:add -- DIR/);
  });
});
