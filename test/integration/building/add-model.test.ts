import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
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
import { afterEach, beforeEach, describe, it } from 'node:test';
import { addModel } from '../../../src/building/add-model.js';
import { startAddModel, type RunningAddition } from '../../../src/building/start-add-model.js';
import { ModelFolderError } from '../../../src/building/model-folder-error.js';
import { cardSchema, type Card } from '../../../src/registry/card.js';
import { openTokenizer } from '../../../src/registry/card-tokenizer.js';
import { FolderError } from '../../../src/registry/folder-error.js';
import {
  ModelsError,
  readModels,
  verifiedTokenizerPath,
} from '../../../src/registry/read-models.js';
import { FOREIGN, modelFileOf } from '../../support/foreign-models.js';
import { changedModel } from '../../support/onnx-models.js';

const SENTENCES = ['Ann Lee left Oslo.', 'मीरा दिल्ली में रहती है।', '王芳住在上海', 'no'];

describe('addModel', () => {
  let root: string;
  let models: string;
  let source: string;

  /** A copy of one of the small models, to be changed. */
  function bring(name: string): void {
    rmSync(source, { recursive: true, force: true });
    cpSync(path.join(FOREIGN, name), source, { recursive: true });
  }

  function editJson(file: string, change: (json: Record<string, unknown>) => void): void {
    const target = path.join(source, file);
    const json = JSON.parse(readFileSync(target, 'utf8')) as Record<string, unknown>;
    change(json);
    writeFileSync(target, JSON.stringify(json));
  }

  async function add(options: Partial<Parameters<typeof addModel>[0]> = {}): Promise<Card> {
    const { card, profile } = await addModel({
      directory: source,
      modelsDir: models,
      sentences: SENTENCES,
      ...options,
    });
    assert.ok(profile.a >= 0 && profile.b >= 0);
    return card;
  }

  /** The message of a refusal, after which nothing was written. */
  async function refusal(options: Partial<Parameters<typeof addModel>[0]> = {}): Promise<string> {
    const before = existsSync(models) ? readdirSync(models, { recursive: true }) : 'none';
    let message = 'taken';
    try {
      await add(options);
    } catch (error) {
      assert.ok(error instanceof ModelFolderError, (error as Error).stack);
      message = error.message;
    }
    assert.deepEqual(
      existsSync(models) ? readdirSync(models, { recursive: true }) : 'none',
      before,
    );
    assert.ok(!message.includes(root), message);
    return message;
  }

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'entier-add-'));
    models = path.join(root, 'models');
    source = path.join(root, 'My Model');
    bring('bert-cased');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('takes models of all architectures into one folder, each with its own tokenizer', async () => {
    const names = readdirSync(FOREIGN).filter((name) => !name.endsWith('.gz'));
    assert.equal(names.length, 6);
    for (const name of names) {
      bring(name);
      const card = await add({ name });

      assert.deepEqual(cardSchema.parse(card), card);
      assert.equal(card.quality, null);
      assert.equal(card.inputs.maxLength, 256);
      assert.deepEqual(
        card.reference.map(({ text }) => text),
        SENTENCES,
      );
      assert.deepEqual(readdirSync(path.join(models, name)).sort(), [
        'card.json',
        'model.onnx',
        'tokenizer.json',
      ]);
      openTokenizer(card, await verifiedTokenizerPath(models, card));
    }
    const registry = await readModels(models);
    assert.deepEqual(
      registry.list().map(({ name, state }) => [name, state]),
      names.map((name) => [name, 'loading']),
    );
    assert.equal(new Set(registry.list().map(({ family }) => family)).size, 6);
  });

  it('names a variant after its folder, and refuses a name that is taken', async () => {
    assert.equal((await add()).name, 'my-model');
    await assert.rejects(
      add(),
      (error) => error instanceof FolderError && error.code === 'name_taken',
    );
    assert.match(await refusal({ name: 'Wrong Name' }), /"Wrong Name" cannot be the name/);
    assert.match(await refusal({ name: 'tokenizer' }), /the folder of a tokenizer/);
  });

  it('finds out how B- and I- are meant, unless it is told', async () => {
    const found = await add({ name: 'found', sentences: undefined });
    assert.ok(found.reference.length >= 300);
    assert.equal((await add({ name: 'told', tagging: 'iob2' })).tagging, 'iob2');
  });

  it('takes only plain files of the folder itself', async () => {
    renameSync(path.join(source, 'config.json'), path.join(root, 'config.json'));
    symlinkSync('../config.json', path.join(source, 'config.json'));
    assert.match(await refusal(), /^config\.json: it is a symbolic link.*cp -rL/);

    bring('bert-cased');
    renameSync(path.join(source, 'onnx'), path.join(root, 'elsewhere'));
    symlinkSync('../elsewhere', path.join(source, 'onnx'));
    assert.match(await refusal(), /^onnx: it is a symbolic link/);

    bring('bert-cased');
    rmSync(path.join(source, 'tokenizer.json'));
    execFileSync('mkfifo', [path.join(source, 'tokenizer.json')]);
    assert.match(await refusal(), /^tokenizer\.json: it is not a plain file/);

    bring('bert-cased');
    truncateSync(path.join(source, 'config.json'), 2 ** 20 + 1);
    assert.match(await refusal(), /^config\.json: it has 1048577 bytes; at most/);

    symlinkSync(source, path.join(root, 'link'));
    assert.match(await refusal({ directory: path.join(root, 'link') }), /symbolic link/);
    assert.match(await refusal({ directory: path.join(root, 'none') }), /no such folder/);
  });

  it('keeps to the folder that it is told to look below', async () => {
    mkdirSync(models);
    writeFileSync(path.join(models, 'manifest.json'), '{"schemaVersion":1,"variants":["x"]}');
    cpSync(source, path.join(models, 'incoming/mine'), { recursive: true });
    symlinkSync(source, path.join(models, 'link'));
    const below = (directory: string): Promise<string> =>
      refusal({ directory, within: models, name: 'fresh' });

    for (const wrong of [
      '..',
      '../My Model',
      '.',
      source,
      'link',
      'incoming/../../My Model',
      'a\0b',
    ])
      assert.match(await below(wrong), /must be below the models folder/, wrong);
    assert.match(await below('incoming/none'), /no such folder/);
    const card = await add({ directory: 'incoming/mine', within: models });
    assert.equal(card.name, 'mine');
  });

  it('says which file is missing', async () => {
    for (const file of ['config.json', 'tokenizer.json']) {
      bring('bert-cased');
      rmSync(path.join(source, file));
      assert.match(await refusal(), new RegExp(`^${file}: there is no such file`));
    }
    bring('bert-cased');
    rmSync(path.join(source, 'onnx'), { recursive: true });
    assert.match(await refusal(), /neither onnx\/model\.onnx nor model\.onnx/);
  });

  it('refuses a tokenizer that is damaged or of another model', async () => {
    writeFileSync(path.join(source, 'tokenizer.json'), '{');
    assert.match(await refusal(), /^tokenizer\.json: /);
    writeFileSync(path.join(source, 'tokenizer.json'), '{"model": {"type": "WordPiece"}}');
    assert.match(await refusal(), /^tokenizer\.json: model\.vocab: /);

    bring('bert-cased');
    editJson('tokenizer.json', (file) => {
      (file.model as { vocab: Record<string, number> }).vocab.zzz = 5000;
    });
    assert.match(
      await refusal(),
      /^tokenizer\.json: its largest id is 5000, but the model knows \d+/,
    );

    bring('roberta');
    editJson('tokenizer.json', (file) => (file.post_processor = null));
    assert.match(await refusal(), /^tokenizer\.json: its post_processor puts 0 tokens/);
  });

  it('refuses a graph that does not take what the gateway feeds', async () => {
    const file = modelFileOf(source);
    const original = modelFileOf(path.join(FOREIGN, 'bert-cased'));
    const bytes = readFileSync(original);
    const rename = (from: string, to: string): void => {
      writeFileSync(
        file,
        changedModel((model) => {
          const { input, output, node } = model.graph!;
          for (const value of [...input, ...output]) if (value.name === from) value.name = to;
          for (const one of node) {
            one.input = one.input.map((name) => (name === from ? to : name));
            one.output = one.output.map((name) => (name === from ? to : name));
          }
        }, original),
      );
    };
    rename('token_type_ids', 'bbox');
    assert.match(await refusal(), /^onnx\/model\.onnx: it has the input "bbox"; the gateway feeds/);
    rename('attention_mask', 'token_type_ids');
    assert.match(await refusal(), /^onnx\/model\.onnx: /);
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    assert.match(await refusal(), /^onnx\/model\.onnx: /);
    writeFileSync(file, 'no model');
    assert.match(await refusal(), /^onnx\/model\.onnx: /);

    rename('logits', 'last');
    assert.equal((await add()).name, 'my-model', 'the only output may have any name');
  });

  it('refuses a model that does not run as its files say', async () => {
    editJson('config.json', (config) => {
      (config.id2label as Record<string, string>)['7'] = 'B-NEW';
    });
    assert.match(await refusal(), /its output "logits" is float32 \[.*\], not .* with 8 labels/);

    bring('bert-cased');
    editJson('config.json', (config) => (config.max_position_embeddings = 300));
    editJson('tokenizer_config.json', (config) => delete config.model_max_length);
    assert.match(await refusal(), /^onnx\/model\.onnx: it does not run: /);

    bring('bert-cased');
    const file = modelFileOf(source);
    writeFileSync(
      file,
      changedModel((model) => {
        const bias = model.graph!.initializer.find(({ name }) => name.includes('classifier.bias'))!;
        bias.rawData = new Uint8Array(new Float32Array(7).fill(NaN).buffer);
      }, file),
    );
    assert.match(await refusal(), /not finite/);
  });
});

describe('startAddModel', () => {
  let models: string;

  beforeEach(() => (models = path.join(mkdtempSync(path.join(tmpdir(), 'entier-add-')), 'models')));
  afterEach(() => rmSync(path.dirname(models), { recursive: true }));

  const start = (options = {}): RunningAddition =>
    startAddModel(
      { directory: path.join(FOREIGN, 'distilbert'), modelsDir: models, sentences: SENTENCES },
      options,
    );

  it('adds a model in a process of its own, and hands over what addModel says', async () => {
    assert.equal((await start().done).card.name, 'distilbert');
    await assert.rejects(start().done, (error) => {
      assert.ok(error instanceof FolderError);
      return error.code === 'name_taken';
    });
    const nothing = startAddModel({ directory: models, modelsDir: models, name: 'other' });
    await assert.rejects(nothing.done, (error) => {
      assert.ok(error instanceof ModelFolderError);
      return error.problems[0]!.file === 'config.json';
    });
  });

  it('hands over what is wrong with the models folder, with its path and without', async () => {
    mkdirSync(models);
    writeFileSync(path.join(models, 'manifest.json'), '{');
    await assert.rejects(start().done, (error) => {
      assert.ok(error instanceof ModelsError, String(error));
      assert.ok(error.message.startsWith(models), error.message);
      assert.match(error.detail, /^manifest\.json is not JSON/);
      return true;
    });
  });

  it('is cancelled, or killed for its memory, and leaves nothing', async () => {
    const cancelled = start();
    cancelled.cancel();
    await assert.rejects(cancelled.done, /it was cancelled/);
    await assert.rejects(start({ maxMemoryBytes: 1 }).done, /it took more than 1 MB of memory/);
    assert.ok(!existsSync(models));
  });

  it('refuses a tokenizer that ends the process, or keeps it too long', async () => {
    const source = path.join(path.dirname(models), 'roberta');
    const file = path.join(source, 'tokenizer.json');
    const withTokenizer = async (
      change: (tokenizer: Record<string, unknown>) => void,
      limits = {},
    ): Promise<void> => {
      cpSync(path.join(FOREIGN, 'roberta'), source, { recursive: true });
      const tokenizer = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      change(tokenizer);
      writeFileSync(file, JSON.stringify(tokenizer));
      await startAddModel({ directory: source, modelsDir: models }, limits).done;
    };
    // The library ends the process where its engine of patterns gives up.
    const backtracking = withTokenizer((tokenizer) => {
      const split = { type: 'Split', pattern: { Regex: '(a+)+b' }, behavior: 'Isolated' };
      const pretokenizers = [{ ...split, invert: false }, tokenizer.pre_tokenizer];
      tokenizer.pre_tokenizer = { type: 'Sequence', pretokenizers };
    });
    await assert.rejects(backtracking, (error) => {
      assert.ok(error instanceof ModelFolderError, String(error));
      assert.equal(error.problems[0]!.file, 'tokenizer.json');
      return /look for patterns \(Regex\) that backtrack/.test(error.message);
    });
    // Texts become 32 times as long.
    const long = withTokenizer(
      (tokenizer) => {
        const double = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };
        tokenizer.normalizer = { type: 'Sequence', normalizers: Array(5).fill(double) };
      },
      { maxTokenizerMs: 20 },
    );
    await assert.rejects(long, /^ModelFolderError: tokenizer\.json: .* took over 0\.02 s/);
    assert.ok(!existsSync(models));
  });
});
