/** `npm run variants` from its command line, over a copy of the fixture's models. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readModels } from '../../src/registry/read-models.js';

const VARIANTS = path.join(import.meta.dirname, '../../src/cli/variants.js');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the command variants', { timeout: 600_000 }, () => {
  let root: string;
  let models: string;

  function start(...args: string[]): { ended: Promise<Ended>; child: ReturnType<typeof spawn> } {
    const child = spawn(process.execPath, [VARIANTS, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: path.join(root, 'tmp') },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    const ended = once(child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout,
      stderr,
    }));
    return { ended, child };
  }

  const run = (...args: string[]): Promise<Ended> => start(...args, '--models', models).ended;

  const listed = (): string[] =>
    (JSON.parse(readFileSync(path.join(models, 'manifest.json'), 'utf8')) as { variants: string[] })
      .variants;

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'entier-cli-'));
    models = path.join(root, 'models');
    cpSync('test/fixtures/models', models, { recursive: true });
    cpSync('package.json', path.join(root, 'tmp/package.json'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const leftInTemp = (): string[] =>
    readdirSync(path.join(root, 'tmp')).filter((name) => name.startsWith('entier-'));

  it('builds a variant that a gateway can read, lists it, and removes it', async () => {
    const made = await run(
      ...'build --parent tiny --precision int8 --ffn .5 --name small --min-agreement 0'.split(' '),
    );
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^small: int8, layers 0 1, ffn 50 %; made from tiny$/m);
    assert.match(made.stdout, /^agreement .*estimated/m);
    assert.match(made.stderr, /building small\ngating small/);
    assert.deepEqual(listed(), ['tiny', 'tiny-int8', 'small']);
    assert.equal((await readModels(models)).get('small')?.state, 'loading');

    const table = await run('list');
    assert.equal(table.code, 0, table.stderr);
    assert.match(
      table.stdout,
      /^small +tiny +int8, .* estimated +\d+ kB +[0-9a-f]{12} +.* ms +loaded$/m,
    );
    assert.match(table.stdout, /^tiny +- +fp16-stored, layers 0 1 +\.8000 measured/m);

    const manifest = path.join(models, 'manifest.json');
    const content = JSON.parse(readFileSync(manifest, 'utf8')) as object;
    writeFileSync(manifest, JSON.stringify({ ...content, retired: ['tiny'] }));
    const { stdout } = await run('list');
    assert.match(stdout, / at start\n/);
    assert.match(stdout, /^tiny .* retired, a parent only$/m);
    assert.match(stdout, /^small .* loaded$/m);

    const removed = await run('rm', 'small');
    assert.equal(removed.code, 0, removed.stderr);
    assert.deepEqual(listed(), ['tiny', 'tiny-int8']);
    assert.ok(!existsSync(path.join(models, 'small')));
    assert.deepEqual(leftInTemp(), []);
  });

  it('finds a variant, or says what it saw', async () => {
    const fits = await run(...'fit --parent tiny --max-ms 60000 --name found'.split(' '));
    assert.equal(fits.code, 3);
    assert.match(
      fits.stdout,
      /^32 tokens +agreement +size +fits +recipe\n.*yes +the parent as it is$/m,
    );
    assert.match(fits.stderr, /nothing was made: tiny itself takes/);

    const none = await run(...'fit --parent tiny --max-ms .001 --min-agreement 0'.split(' '));
    assert.equal(none.code, 3);
    assert.match(none.stdout, /^ +\d+\.\d\d ms .* no +\S/m);
    assert.match(none.stderr, /of at most 12: int8/);
    assert.match(none.stderr, /nothing was made: the fastest of \d+ recipes takes/);
    assert.deepEqual(listed(), ['tiny', 'tiny-int8']);
    assert.deepEqual(leftInTemp(), []);
  });

  it('keeps nothing that does not pass its gate', async () => {
    const { code, stderr } = await run(
      ...'build --parent tiny --layers 1 --min-agreement .999'.split(' '),
    );

    assert.equal(code, 3);
    assert.match(stderr, /did not pass its gate: .* below the floor of 0.999/);
    assert.deepEqual(listed(), ['tiny', 'tiny-int8']);
    assert.deepEqual(leftInTemp(), []);
  });

  it('says what is wrong with a command line and what there is instead', async () => {
    const cases: [string, number, RegExp][] = [
      [
        'build --parent nope --precision int8',
        2,
        /no variant nope in .*; there are tiny, tiny-int8/,
      ],
      ['build --parent tiny --precision int9', 2, /--precision: .*"int8"/],
      ['build --parent tiny', 2, /nothing is to be changed/],
      ['build --parent tiny --layers 0,x', 2, /--layers takes whole numbers/],
      ['build --parent tiny --ffn 2', 2, /--ffn takes a number from 0 to 1/],
      ['build --precision int8', 2, /--parent is missing/],
      ['build --parent tiny --precision int8 --name tiny-int8', 2, /there is a tiny-int8 already/],
      ['build --parent tiny --precision int8 --name Bad!', 2, /--name: expected lower-case/],
      ['build --parent tiny-int8 --precision w8 --name n', 2, /--precision: the model is int8/],
      ['build --parent tiny --frob', 2, /--frob/],
      ['fit --parent tiny', 2, /--max-ms is missing/],
      ['fit --parent tiny --max-ms 1 --tokens 9999', 2, /--tokens takes a whole number/],
      ['fit --parent tiny --max-ms 1 --tokens 300', 2, /a window of tiny has at most 256/],
      ['rm nope', 2, /there is no variant nope; there are tiny, tiny-int8/],
      ['rm tiny-int8', 2, /was not made by a build.*--force/],
      ['rm tiny --force', 2, /tiny is the parent of tiny-int8/],
      ['rm', 2, /say which/],
      ['frob', 2, /no command frob; there are build, fit, /],
    ];
    for (const [line, code, expected] of cases) {
      const ended = await run(...line.split(' '));
      assert.equal(ended.code, code, `${line}: ${ended.stderr}`);
      assert.match(ended.stderr, expected, line);
      assert.ok(!/\bat .*:\d+:\d+/.test(ended.stderr), `a stack: ${ended.stderr}`);
    }
    assert.deepEqual(listed(), ['tiny', 'tiny-int8']);
  });

  it('names all wrong fields of a recipe, one a line', async () => {
    const { code, stderr } = await run(
      ...'build --parent tiny --layers 0,7 --weight-bits 7'.split(' '),
    );

    assert.equal(code, 2);
    assert.match(stderr, /^--weight-bits: goes with the precision int8 only$/m);
    assert.match(stderr, /^--layers: there is no layer 7, the model has 0 to 1$/m);
  });

  it('explains itself', async () => {
    const help = await run('--help');
    assert.equal(help.code, 0);
    for (const command of ['build', 'fit', 'list', 'rm']) {
      assert.ok(help.stdout.includes(`npm run variants -- ${command}`));
      const own = await run(command, '--help');
      assert.match(own.stdout, /--models DIR/);
    }
  });

  it('changes nothing when it is interrupted', async () => {
    const { ended, child } = start(
      ...'build --parent tiny --precision int8 --min-agreement 0 --name late --models'.split(' '),
      models,
    );
    await once(child.stderr!, 'data');
    child.kill('SIGINT');
    const { code, stderr } = await ended;

    assert.equal(code, 130, stderr);
    assert.match(stderr, /cancelled; nothing was changed/);
    assert.deepEqual(listed(), ['tiny', 'tiny-int8']);
    assert.deepEqual(leftInTemp(), []);
  });

  it('leaves the models as they were when it is killed', async () => {
    const { ended, child } = start(
      ...'build --parent tiny --precision int8 --min-agreement 0 --name late --models'.split(' '),
      models,
    );
    await once(child.stderr!, 'data');
    child.kill('SIGKILL');
    await ended;

    assert.deepEqual(listed(), ['tiny', 'tiny-int8']);
    assert.ok(!existsSync(path.join(models, 'late')));
  });
});
