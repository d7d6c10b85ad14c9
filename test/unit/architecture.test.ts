import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

const MAX_LINES = 250;
const BANNED_NAMES = /^(utils?|helpers?|common|types|index|misc)\.ts$/;

/** What each layer may import: itself, the leaves, and those below it. The leaves: errors, names, telemetry, config's types. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  main: ['app', 'config', 'stop-in-order'],
  cli: ['building', 'scheduling', 'runtime', 'registry', 'compress'],
  app: [
    'http',
    'gateway',
    'building',
    'experiments',
    'scheduling',
    'runtime',
    'registry',
    'compress',
    'ner',
  ],
  http: ['gateway', 'ner'],
  gateway: ['building', 'experiments', 'scheduling', 'runtime', 'registry', 'compress', 'ner'],
  building: ['scheduling', 'runtime', 'registry', 'compress', 'ner'],
  experiments: ['ner'],
  scheduling: ['ner'],
  runtime: ['ner'],
  registry: ['ner'],
  compress: ['ner'],
  ner: [],
  telemetry: [],
  errors: [],
  names: [],
  config: [],
  'stop-in-order': [],
};

/** Packages that only one place may import. */
const ONLY_IN: Record<string, RegExp> = {
  express: /^http\//,
  'onnxruntime-node': /^runtime\/worker-host\.ts$/,
  'prom-client': /^telemetry\//,
  'lru-cache': /^gateway\/result-cache\.ts$/,
  '@bufbuild/protobuf': /^compress\//,
  '@bufbuild/protobuf/codegenv2': /^compress\/onnx\/onnx-schema\.ts$/,
  '@bufbuild/protobuf/wire': /^compress\/onnx\//,
  '@bufbuild/protobuf/wkt': /^compress\/onnx\/onnx-schema\.ts$/,
  'cli-progress': /^cli\//,
  autocannon: /^$/,
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.split(path.sep).join('/'));

function layerOf(file: string): string {
  const first = file.split('/')[0]!.replace(/\.ts$/, '');
  return first.startsWith('config') ? 'config' : first;
}

function importsOf(file: string): Import[] {
  const source = readFileSync(path.join('src', file), 'utf8');
  const found = source.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)';/gms);
  return [...found].map(([, type, target]) => ({
    file,
    target: target!,
    typeOnly: type !== undefined,
  }));
}

const imports = files.flatMap(importsOf);

describe('the structure of src', () => {
  it('has files and imports to check', () => {
    assert.ok(files.length > 30, `found ${files.length} files`);
    assert.ok(imports.length > 100, `found ${imports.length} imports`);
  });

  it(`keeps every file under ${MAX_LINES} lines`, () => {
    const long = files.filter(
      (file) => readFileSync(path.join('src', file), 'utf8').split('\n').length > MAX_LINES + 1,
    );
    assert.deepEqual(long, []);
  });

  it('has no file whose name says nothing', () => {
    assert.deepEqual(
      files.filter((file) => BANNED_NAMES.test(path.basename(file))),
      [],
    );
  });

  it('imports in one direction: main > app > http > gateway > its parts > ner', () => {
    const wrong = imports
      .filter(({ target }) => target.startsWith('.'))
      .map(({ file, target, typeOnly }) => ({
        file,
        typeOnly,
        from: layerOf(file),
        to: layerOf(path.posix.join(path.posix.dirname(file), target.replace(/\.js$/, '.ts'))),
      }))
      .filter(({ from, to, typeOnly }) => {
        if (from === to || ['errors', 'names', 'telemetry'].includes(to)) return false;
        if (to === 'config') return !(typeOnly || from === 'main');
        return !MAY_IMPORT[from]?.includes(to);
      })
      .map(({ file, to }) => `${file} -> ${to}`);
    assert.deepEqual(wrong, []);
  });

  it('imports each guarded package in its one place only', () => {
    const wrong = imports
      .filter(({ file, target }) => ONLY_IN[target] !== undefined && !ONLY_IN[target].test(file))
      .map(({ file, target }) => `${file} imports ${target}`);
    assert.deepEqual(wrong, []);
  });

  it('reads process.env in main only, but for a switch that ONNX Runtime has nowhere else', () => {
    const readers = files.filter((file) =>
      readFileSync(path.join('src', file), 'utf8').includes('process.env'),
    );
    assert.deepEqual(readers.sort(), ['main.ts', 'runtime/without-telemetry.ts']);
  });
});
