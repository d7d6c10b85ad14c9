import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import {
  checkSameRuntime,
  installOnce,
  peersFolder,
  pinnedVersions,
} from '../../../loadtest/install-peer.js';

describe('installOnce', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-install-'));
  const place = { folder, lock: 'lock', into: 'packages', megabytes: 12 };
  const said: string[] = [];
  beforeEach((context) => {
    said.length = 0;
    if ('mock' in context) context.mock.method(console, 'error', (line: string) => said.push(line));
  });
  after(() => rmSync(folder, { recursive: true }));
  let installed = 0;
  const install = (): void => {
    installed++;
    mkdirSync(path.join(folder, 'packages'), { recursive: true });
  };

  it('says where and how much, installs, and does so again only for another lock', () => {
    writeFileSync(path.join(folder, 'lock'), 'a==1');

    installOnce(place, install);
    installOnce(place, install);
    assert.equal(installed, 1);
    assert.match(said.join(), /packages \(once, about 12 MB\)$/);

    writeFileSync(path.join(folder, 'lock'), 'a==2');
    installOnce(place, install);
    assert.equal(installed, 2);
  });

  it('says what failed, and tries again the next time', () => {
    writeFileSync(path.join(folder, 'lock'), 'a==3');
    const fail = (): void => {
      throw new Error('spawn python3 ENOENT\nand a stack');
    };

    assert.throws(() => installOnce(place, fail), /lock could not be installed: .* ENOENT$/);
    installOnce(place, install);
    assert.equal(installed, 3);
  });
});

describe('the locks of the peers', () => {
  const lists = readdirSync(peersFolder)
    .map((name) => path.join(peersFolder, name, 'requirements.txt'))
    .filter((file) => existsSync(file));

  it('pin every Python package exactly', () => {
    assert.equal(lists.length, 2);
    for (const file of lists) {
      const lines = readFileSync(file, 'utf8').trim().split('\n');
      const loose = lines.filter((line) => !/^(#.*|[\w.-]+==[\w.]+)$/.test(line));
      assert.deepEqual(loose, [], file);
    }
  });

  it('have the ONNX Runtime of the gateway', () => {
    const folder = `${peersFolder}/fastapi-onnxruntime`;
    const { onnxruntime } = pinnedVersions(readFileSync(`${folder}/requirements.txt`, 'utf8'), [
      'onnxruntime',
    ]);

    checkSameRuntime({ version: onnxruntime!, folder });
    assert.throws(
      () => checkSameRuntime({ version: '1.0.0', folder }),
      /ONNX Runtime is .* here and 1\.0\.0 in .*: pin the same there/,
    );
  });

  it('are read by the exact name of a package', () => {
    const text = '# a list\nspacy-legacy==3.0.12\nspacy==3.8.18\n';

    assert.deepEqual(pinnedVersions(text, ['spacy']), { spacy: '3.8.18' });
    assert.throws(() => pinnedVersions(text, ['spa']), /pins no spa/);
  });
});
