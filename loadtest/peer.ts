import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { versionOf } from './device.js';
import { startServer, type ServerProcess } from './server-process.js';

const folder = 'loadtest/peers/transformers-js';
const modelName = 'variant';

interface PeerOptions {
  modelsDir: string;
  variant: string;
  /** Of ONNX Runtime within an operator; undefined leaves the peer its own default. */
  threads: number | undefined;
}

/** Starts transformers.js behind Express on the very same model file; installs it first where it is missing. */
export async function startPeer(options: PeerOptions): Promise<ServerProcess> {
  installPeer();
  checkSameRuntime();
  const modelsDir = mkdtempSync(path.join(os.tmpdir(), 'entier-peer-'));
  const dtype = layOutModel(modelsDir, options);
  const threads = options.threads === undefined ? [] : [`${options.threads}`];
  try {
    return await startServer({
      name: 'the peer',
      script: (port) => [
        `${folder}/server.mjs`,
        `${port}`,
        modelsDir,
        modelName,
        dtype,
        ...threads,
      ],
      readyPath: '/readyz',
    });
  } finally {
    // The peer has read it all by the time it is ready.
    rmSync(modelsDir, { recursive: true });
  }
}

/** What the peer runs on. */
export function peerVersions(): Record<string, string> {
  const packages = ['@huggingface/transformers', 'onnxruntime-node', 'express'];
  return Object.fromEntries(packages.map((name) => [name, versionOf(packageJsonOf(name))]));
}

function packageJsonOf(name: string): string {
  return `${folder}/node_modules/${name}/package.json`;
}

function installPeer(): void {
  if (existsSync(packageJsonOf('@huggingface/transformers'))) return;
  console.error(`installing the peer into ${folder} (about 480 MB)`);
  // Without the skip, ONNX Runtime's install script downloads CUDA libraries.
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: folder,
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Two versions of ONNX Runtime would be compared else, and not two servers. */
function checkSameRuntime(): void {
  const ours = versionOf('node_modules/onnxruntime-node/package.json');
  const theirs = versionOf(packageJsonOf('onnxruntime-node'));
  if (ours === theirs) return;
  throw new Error(
    `onnxruntime-node is ${ours} here and ${theirs} in ${folder}: pin the same there`,
  );
}

interface CardFacts {
  file: string;
  labels: string[];
  recipe: { precision: string };
  tokenizer: { directory: string };
}

/** The folder that transformers.js wants; returns the dtype that makes it load this file. */
function layOutModel(target: string, { modelsDir, variant }: PeerOptions): string {
  const source = path.resolve(modelsDir, variant);
  const card = JSON.parse(readFileSync(path.join(source, 'card.json'), 'utf8')) as CardFacts;
  const int8 = card.recipe.precision === 'int8';
  const model = path.join(target, modelName);
  mkdirSync(path.join(model, 'onnx'), { recursive: true });
  const file = int8 ? 'onnx/model_quantized.onnx' : 'onnx/model.onnx';
  symlinkSync(path.join(source, card.file), path.join(model, file));
  const tokenizer = path.resolve(modelsDir, card.tokenizer.directory, 'tokenizer.json');
  symlinkSync(tokenizer, path.join(model, 'tokenizer.json'));
  writeJson(path.join(model, 'tokenizer_config.json'), {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: true,
    model_max_length: 512,
  });
  writeJson(path.join(model, 'config.json'), {
    model_type: 'bert',
    architectures: ['BertForTokenClassification'],
    id2label: Object.fromEntries(card.labels.map((label, id) => [id, label])),
    label2id: Object.fromEntries(card.labels.map((label, id) => [label, id])),
  });
  return int8 ? 'q8' : 'fp32';
}

function writeJson(file: string, content: object): void {
  writeFileSync(file, JSON.stringify(content));
}
