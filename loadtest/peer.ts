import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { versionOf } from './device.js';
import { checkSameRuntime, installNodePeer, peersFolder } from './install-peer.js';
import { readCard, tokenizerOf } from './model-card.js';
import { startServer, type ServerProcess } from './server-process.js';
import { makeTemporaryFolder } from './temporary-folder.js';

const folder = `${peersFolder}/transformers-js`;
const modelName = 'variant';

interface PeerOptions {
  modelsDir: string;
  variant: string;
  /** Of ONNX Runtime within an operator; undefined leaves the peer its own default. */
  threads: number | undefined;
}

/** Installs the peer where it is missing; throws where that fails or its ONNX Runtime is another than ours. */
export function preparePeer(): void {
  installNodePeer({ name: 'transformers-js', megabytes: 480 });
  checkSameRuntime({ version: versionOf(packageJsonOf('onnxruntime-node')), folder });
}

/** Starts transformers.js behind Express on the very same model file; installs it first where it is missing. */
export async function startPeer(options: PeerOptions): Promise<ServerProcess> {
  preparePeer();
  const modelsDir = makeTemporaryFolder('entier-peer-');
  const threads = options.threads === undefined ? [] : [`${options.threads}`];
  try {
    const dtype = layOutModel(modelsDir.path, options);
    return await startServer({
      name: 'the peer',
      script: (port) => [
        `${folder}/server.mjs`,
        `${port}`,
        modelsDir.path,
        modelName,
        dtype,
        ...threads,
      ],
      readyPath: '/readyz',
    });
  } finally {
    // The peer has read it all by the time it is ready.
    modelsDir.remove();
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

/** The folder that transformers.js wants; returns the dtype that makes it load this file. */
export function layOutModel(
  target: string,
  { modelsDir, variant }: Pick<PeerOptions, 'modelsDir' | 'variant'>,
): 'q8' | 'fp32' {
  const card = readCard(modelsDir, variant);
  const int8 = card.recipe.precision.startsWith('int8');
  const model = path.join(target, modelName);
  mkdirSync(path.join(model, 'onnx'), { recursive: true });
  const file = int8 ? 'onnx/model_quantized.onnx' : 'onnx/model.onnx';
  symlinkSync(path.resolve(modelsDir, variant, card.file), path.join(model, file));
  symlinkSync(path.resolve(tokenizerOf(modelsDir, card)), path.join(model, 'tokenizer.json'));
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
