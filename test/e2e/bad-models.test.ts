import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { ADMIN_KEY } from '../support/fake-admin.js';
import { FOREIGN, modelFileOf } from '../support/foreign-models.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { changedModel } from '../support/onnx-models.js';

type Json = Record<string, unknown>;

interface BadModel {
  readonly what: string;
  readonly of?: string;
  readonly damage: (folder: string) => void;
  readonly told: RegExp;
}

function editJson(file: string, change: (json: Json) => void): void {
  const json = JSON.parse(readFileSync(file, 'utf8')) as Json;
  change(json);
  writeFileSync(file, JSON.stringify(json));
}

const editConfig = (change: (json: Json) => void) => (folder: string) =>
  editJson(path.join(folder, 'config.json'), change);
const editTokenizer = (change: (json: Json) => void) => (folder: string) =>
  editJson(path.join(folder, 'tokenizer.json'), change);
/** Splits texts by a pattern before the bytes are looked at. */
const splitBy = (pattern: string) =>
  editTokenizer((tokenizer) => {
    const split = {
      type: 'Split',
      pattern: { Regex: pattern },
      behavior: 'Isolated',
      invert: false,
    };
    const pretokenizers = [split, tokenizer.pre_tokenizer];
    tokenizer.pre_tokenizer = { type: 'Sequence', pretokenizers };
  });

const BAD: readonly BadModel[] = [
  {
    what: 'without a configuration',
    damage: (folder) => rmSync(path.join(folder, 'config.json')),
    told: /config\.json: there is no such file/,
  },
  {
    what: 'with a configuration that is no JSON',
    damage: (folder) => writeFileSync(path.join(folder, 'config.json'), '{"id2label":'),
    told: /config\.json: it is not JSON/,
  },
  {
    what: 'that leaves a label out',
    damage: editConfig((config) => delete (config.id2label as Json)['1']),
    told: /config\.json: id2label: expected a label for each of 0 to 5/,
  },
  {
    what: 'that names a label too many',
    damage: editConfig((config) => ((config.id2label as Json)['7'] = 'B-NEW')),
    told: /model\.onnx: .*its output .* is float32 \[.*\], not .* with 8 labels/,
  },
  {
    what: 'whose model is a link to elsewhere',
    damage: (folder) => {
      const file = modelFileOf(folder);
      rmSync(file);
      symlinkSync(path.join(folder, '../../../outside.onnx'), file);
    },
    told: /model\.onnx: it is a symbolic link, which is not followed/,
  },
  {
    what: 'that is a link to elsewhere itself',
    damage: (folder) => {
      const outside = path.join(folder, '../../../outside');
      rmSync(outside, { recursive: true, force: true });
      renameSync(folder, outside);
      symlinkSync(outside, folder);
    },
    told: /the folder must be below the models folder, without links on the way/,
  },
  {
    what: 'with half a tokenizer',
    damage: (folder) => {
      const file = path.join(folder, 'tokenizer.json');
      writeFileSync(file, readFileSync(file).subarray(0, 5000));
    },
    told: /tokenizer\.json: .*JSON/,
  },
  {
    what: 'with the tokenizer of another model',
    damage: editTokenizer((tokenizer) => {
      (tokenizer.model as { vocab: Json }).vocab.zzz = 5000;
    }),
    told: /tokenizer\.json: its largest id is \d+, but the model knows \d+/,
  },
  {
    what: 'with a tokenizer of 100 MB',
    damage: (folder) => truncateSync(path.join(folder, 'tokenizer.json'), 100e6),
    told: /tokenizer\.json: it has 100000000 bytes; at most 67108864 are taken/,
  },
  {
    what: 'with a pattern in its tokenizer that is none',
    of: 'roberta',
    damage: splitBy('(unclosed'),
    told: /tokenizer\.json: /,
  },
  {
    what: 'with a pattern in its tokenizer that backtracks without end',
    of: 'roberta',
    damage: splitBy('(\\w+\\s?)+\\.'),
    told: /tokenizer\.json: .*(patterns \(Regex\) that backtrack|cannot encode every text)/,
  },
  {
    what: 'whose tensors are in another file',
    damage: (folder) => {
      const file = modelFileOf(folder);
      writeFileSync(
        file,
        changedModel((model) => {
          const [tensor] = model.graph!.initializer;
          tensor!.dataLocation = 1;
          tensor!.externalData.push({
            $typeName: 'onnx.Entry',
            key: 'location',
            value: '../../../../etc/hostname',
          });
        }, file),
      );
    },
    told: /model\.onnx: .*another file/,
  },
  {
    what: 'that is no model at all',
    damage: (folder) => writeFileSync(modelFileOf(folder), 'no model'),
    told: /model\.onnx: /,
  },
];

describe('a gateway that is brought a model', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'entier-bad-models-'));
  const models = path.join(root, 'models');
  const incoming = path.join(models, 'incoming');
  let gateway: GatewayProcess;
  let answered: string;

  before(async () => {
    cpSync('test/fixtures/models', models, { recursive: true });
    mkdirSync(incoming);
    writeFileSync(path.join(root, 'outside.onnx'), 'outside');
    gateway = await GatewayProcess.start({
      ENTIER_MODELS_DIR: models,
      ENTIER_PROFILES_DIR: path.join(root, 'profiles'),
      ENTIER_ADMIN_KEY: ADMIN_KEY,
      ENTIER_WORKERS: '1',
      ENTIER_LOG_LEVEL: 'error',
    });
    answered = await ner();
  });
  after(async () => {
    await gateway.stop();
    rmSync(root, { recursive: true, force: true });
  });
  afterEach(async () => {
    assert.equal((await fetch(`${gateway.url}/readyz`)).status, 200);
    assert.equal(await ner(), answered, 'it answers as before');
  });

  const bring = (name: string, architecture = 'bert-cased'): string => {
    const folder = path.join(incoming, name);
    cpSync(path.join(FOREIGN, architecture), folder, { recursive: true });
    return folder;
  };
  const add = async (directory: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${gateway.url}/admin/models`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ directory }),
    });
    return { status: response.status, text: await response.text() };
  };
  const ner = async (): Promise<string> => {
    const response = await fetch(`${gateway.url}/ner`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
      body: JSON.stringify({
        text: 'Ada met Alan in London.',
        variant: 'tiny',
        latency_budget_ms: 60_000,
      }),
    });
    assert.equal(response.status, 200);
    return JSON.stringify(((await response.json()) as Json).entities);
  };
  const served = async (): Promise<string[]> => {
    const { variants } = (await (await fetch(`${gateway.url}/variants`)).json()) as {
      variants: { name: string; state: string }[];
    };
    return variants.map(({ name, state }) => `${name} ${state}`);
  };

  for (const { what, of, damage, told } of BAD) {
    it(`refuses one ${what}, and says so`, async () => {
      const folder = bring('bad', of);
      damage(folder);
      const before = [readdirSync(models), await served()];

      const { status, text } = await add('incoming/bad');

      rmSync(folder, { recursive: true });
      assert.equal(status, 422, text);
      const problem = JSON.parse(text) as { errors: { pointer: string; detail: string }[] };
      assert.deepEqual(
        new Set(problem.errors.map(({ pointer }) => pointer)),
        new Set(['/directory']),
      );
      assert.match(problem.errors[0]!.detail, told);
      assert.ok(!text.includes(root), text);
      assert.deepEqual([readdirSync(models), await served()], before);
    });
  }

  it('keeps to its models folder', async () => {
    for (const directory of ['..', '../outside', '/etc', 'incoming/../../outside', '', '.']) {
      const { status, text } = await add(directory);
      assert.equal(status, 422, `${directory}: ${text}`);
    }
    assert.equal((await add('incoming/nothing')).status, 422);
  });

  it('says that its own manifest cannot be used, and takes the model when it is mended', async () => {
    const folder = bring('good');
    const manifest = path.join(models, 'manifest.json');
    const sound = readFileSync(manifest);
    for (const damaged of ['{', '{"schemaVersion":1}', '{"schemaVersion":1,"variants":[7]}']) {
      writeFileSync(manifest, damaged);
      const { status, text } = await add('incoming/good');
      assert.equal(status, 409, text);
      assert.match(
        text,
        /The models folder cannot be used: manifest\.json .* Mend it and ask again/,
      );
      assert.ok(!text.includes(root), text);
      assert.equal(readFileSync(manifest, 'utf8'), damaged);
    }
    writeFileSync(manifest, sound);

    assert.deepEqual(await add('incoming/good'), { status: 201, text: '{"name":"good"}' });

    rmSync(folder, { recursive: true });
    assert.ok((await served()).includes('good active'));
  });
});
