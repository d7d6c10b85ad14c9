import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BUILT_BY } from '../../../src/registry/built-variants.js';
import type { Card } from '../../../src/registry/card.js';
import { FolderError } from '../../../src/registry/folder-error.js';
import { ModelsFolder } from '../../../src/registry/models-folder.js';
import { ModelsError } from '../../../src/registry/read-models.js';
import { cardOf } from '../../support/cards.js';

describe('ModelsFolder', () => {
  let root: string;
  let dir: string;
  let folder: ModelsFolder;

  function write(target: string, card: Card, model = 'model'): void {
    mkdirSync(target, { recursive: true });
    const sha256 = createHash('sha256').update(model).digest('hex');
    writeFileSync(path.join(target, 'card.json'), JSON.stringify({ ...card, sha256 }));
    writeFileSync(path.join(target, card.file), model);
  }

  /** A folder as a build leaves it. */
  function built(name: string, parent = 'full'): string {
    const target = path.join(root, `built-${name}`);
    write(target, { ...cardOf(name, 0.9), parent, provenance: { builtBy: BUILT_BY } });
    return target;
  }

  function manifest(): unknown {
    return JSON.parse(readFileSync(path.join(dir, 'manifest.json'), 'utf8'));
  }

  async function refusal(change: Promise<unknown>): Promise<string> {
    const before = JSON.stringify([manifest(), readdirSync(dir).sort()]);
    let code = 'done';
    try {
      await change;
    } catch (error) {
      assert.ok(error instanceof FolderError, String(error));
      code = error.code;
    }
    assert.equal(JSON.stringify([manifest(), readdirSync(dir).sort()]), before);
    return code;
  }

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'entier-folder-'));
    dir = path.join(root, 'models');
    write(path.join(dir, 'full'), cardOf('full', 0.95));
    write(path.join(dir, 'other'), cardOf('other', 0.9));
    mkdirSync(path.join(dir, 'tokenizer'));
    const variants = ['full', 'other'];
    writeFileSync(path.join(dir, 'manifest.json'), JSON.stringify({ schemaVersion: 1, variants }));
    folder = new ModelsFolder(dir);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('keeps what was built, lists it last, and leaves nothing else', async () => {
    const card = await folder.keep(built('made'));

    assert.equal(card.name, 'made');
    assert.deepEqual(manifest(), { schemaVersion: 1, variants: ['full', 'other', 'made'] });
    assert.deepEqual(readdirSync(dir).sort(), [
      'full',
      'made',
      'manifest.json',
      'other',
      'tokenizer',
    ]);
    assert.equal(readFileSync(path.join(dir, 'made/model.onnx'), 'utf8'), 'model');
    assert.ok(existsSync(path.join(root, 'built-made/model.onnx')));
    assert.deepEqual(
      (await folder.list()).map(({ name }) => name),
      ['full', 'other', 'made'],
    );
  });

  it('refuses a name that is taken, by a variant or by anything else', async () => {
    assert.equal(await refusal(folder.keep(built('full'))), 'name_taken');
    assert.equal(await refusal(folder.keep(built('tokenizer'))), 'name_taken');
    assert.equal(await refusal(folder.checkName('other')), 'name_taken');
    await folder.checkName('free');
  });

  it('refuses a model that its card does not describe', async () => {
    const target = built('made');
    writeFileSync(path.join(target, 'model.onnx'), 'another');

    await assert.rejects(folder.keep(target), ModelsError);
    assert.ok(!existsSync(path.join(dir, 'made')));
  });

  it('takes the place of a build that was killed before it was listed, and of its remains', async () => {
    write(
      path.join(dir, 'made'),
      { ...cardOf('made', 0.9), provenance: { builtBy: BUILT_BY } },
      'old',
    );
    mkdirSync(path.join(dir, '.adding-made'));
    mkdirSync(path.join(dir, '.removing-x'));
    await folder.keep(built('made'));

    assert.equal(readFileSync(path.join(dir, 'made/model.onnx'), 'utf8'), 'model');
    assert.deepEqual(
      readdirSync(dir).filter((entry) => entry.startsWith('.')),
      [],
    );
  });

  it(
    'says that it may not write, and not where',
    { skip: process.getuid?.() === 0 ? 'root may write everywhere' : false },
    async () => {
      chmodSync(dir, 0o555);
      try {
        await assert.rejects(folder.keep(built('made')), (error) => {
          assert.ok(error instanceof FolderError && error.code === 'not_writable', String(error));
          assert.ok(error.isOfHost && !error.message.includes(root), error.message);
          return true;
        });
      } finally {
        chmodSync(dir, 0o755);
      }
    },
  );

  it(
    'leaves all as it was where the disk is full',
    {
      skip: existsSync('/dev/full') ? false : 'this system has no /dev/full',
    },
    async () => {
      symlinkSync('/dev/full', path.join(dir, 'manifest.json.part'));
      let code;
      try {
        await folder.keep(built('made'));
      } catch (error) {
        code = (error as FolderError).code;
      }

      assert.equal(code, 'storage_full');
      assert.deepEqual(manifest(), { schemaVersion: 1, variants: ['full', 'other'] });
      // What is there and not listed is no variant, and the next build takes its place.
      await folder.keep(built('made'));
      assert.deepEqual(manifest(), { schemaVersion: 1, variants: ['full', 'other', 'made'] });
    },
  );

  it('removes what a build made', async () => {
    await folder.keep(built('made'));
    await folder.forget('made');

    assert.deepEqual(manifest(), { schemaVersion: 1, variants: ['full', 'other'] });
    assert.deepEqual(readdirSync(dir).sort(), ['full', 'manifest.json', 'other', 'tokenizer']);
  });

  it('removes what no build made only by force, and never a parent or the last one', async () => {
    await folder.keep(built('made'));
    assert.equal(await refusal(folder.forget('other')), 'not_built');
    assert.equal(await refusal(folder.forget('full', { force: true })), 'is_parent');
    await folder.forget('other', { force: true });
    await folder.forget('made');
    assert.equal(await refusal(folder.forget('full', { force: true })), 'last_one');
  });

  it('leaves what is retired so, and never removes the last one that is loaded', async () => {
    write(path.join(dir, 'parent'), cardOf('parent', 0.9));
    const variants = ['full', 'other', 'parent'];
    const listed = { schemaVersion: 1, variants, retired: ['other', 'parent'] };
    writeFileSync(path.join(dir, 'manifest.json'), JSON.stringify(listed));
    await folder.keep(built('made', 'parent'));
    await folder.forget('other', { force: true });
    assert.deepEqual(manifest(), {
      schemaVersion: 1,
      variants: ['full', 'parent', 'made'],
      retired: ['parent'],
    });
    await folder.forget('made');
    assert.equal(await refusal(folder.forget('full', { force: true })), 'last_one');
    await folder.forget('parent', { force: true });
    assert.deepEqual(manifest(), { schemaVersion: 1, variants: ['full'] });
  });

  it('knows no variant outside of the folder', async () => {
    write(path.join(root, 'outside'), {
      ...cardOf('outside', 0.9),
      provenance: { builtBy: BUILT_BY },
    });
    for (const name of ['../outside', 'tokenizer', 'nothing', '', '.']) {
      assert.equal(await refusal(folder.forget(name, { force: true })), 'unknown_variant', name);
    }
    assert.ok(existsSync(path.join(root, 'outside/card.json')));
  });

  it('lists why a card cannot be used', async () => {
    writeFileSync(path.join(dir, 'other/card.json'), '{');
    const [, other] = await folder.list();

    assert.match((other!.card as { problem: string }).problem, /its card.json is not JSON/);
  });

  it('makes one change at a time, none of which is lost', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => new ModelsFolder(dir).keep(built(name))));

    const { variants } = manifest() as { variants: string[] };
    assert.deepEqual(variants.slice(0, 2), ['full', 'other']);
    assert.deepEqual(variants.slice(2).sort(), names);
  });

  it('takes the lock of a process that has died', async () => {
    // Linux and macOS give out no ids beyond 4 194 304.
    writeFileSync(path.join(dir, 'manifest.json.lock'), `99999999 ${hostname()}`);
    await folder.keep(built('made'));
    assert.ok(!existsSync(path.join(dir, 'manifest.json.lock')));
  });

  it('leaves a folder alone that is no models folder', async () => {
    const empty = path.join(root, 'empty');
    mkdirSync(empty);
    await assert.rejects(new ModelsFolder(empty).keep(built('made')), ModelsError);
    assert.deepEqual(readdirSync(empty), []);
  });
});
