import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isStorageFull, writeDurably } from '../../../src/registry/write-durably.js';

describe('writeDurably', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), 'entier-write-'))));
  afterEach(() => rmSync(dir, { recursive: true }));

  it('replaces a file and leaves nothing beside it', async () => {
    const file = path.join(dir, 'a.json');
    await writeDurably(file, 'old');
    await writeDurably(file, Buffer.from('new'));

    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.deepEqual(readdirSync(dir), ['a.json']);
  });

  it(
    'leaves the old file as it was where the disk is full',
    {
      skip: existsSync('/dev/full') ? false : 'this system has no /dev/full',
    },
    async () => {
      const file = path.join(dir, 'a.json');
      await writeDurably(file, 'old');
      symlinkSync('/dev/full', `${file}.part`);

      await assert.rejects(writeDurably(file, 'new'), (error) => isStorageFull(error));

      assert.equal(readFileSync(file, 'utf8'), 'old');
      assert.deepEqual(readdirSync(dir), ['a.json']);
    },
  );
});

describe('isStorageFull', () => {
  it('tells a full disk from other failures', () => {
    assert.ok(isStorageFull(Object.assign(new Error('full'), { code: 'EDQUOT' })));
    assert.ok(!isStorageFull(Object.assign(new Error('gone'), { code: 'ENOENT' })));
    assert.ok(!isStorageFull(undefined));
  });
});
