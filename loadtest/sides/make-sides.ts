import { versionOf } from '../device.js';
import { peerVersions, preparePeer } from '../peer.js';
import { fastapiOnnxruntimeSide, fastapiSpacySide } from './fastapi-sides.js';
import { startGatewaySide } from './gateway-side.js';
import { startRawLoop } from './raw-loop-side.js';
import { startTransformersSide } from './transformers-side.js';
import type { Side } from './side.js';

export interface SidesOptions {
  modelsDir: string;
  /** The variant whose file all sides run that can. */
  variant: string;
  /** The one of transformers.js in fp32. */
  fp32Variant: string;
  /** Of ONNX Runtime in the peers; undefined leaves them their own default. */
  threads: number | undefined;
  fastapiWorkers: number;
  spacyWorkers: number;
  /** Of the corpus, from its beginning. */
  sentences: number;
  rawProcesses: number;
}

export const sideNames = [
  'entier',
  'transformers-js-q8',
  'transformers-js-fp32',
  'fastapi-onnxruntime',
  'fastapi-spacy',
  'raw-loop',
] as const;

/** Everyone that `peers` compares, in the order of the table; nothing is installed or started yet. */
export function makeSides(options: SidesOptions): Side[] {
  const { modelsDir, variant, fp32Variant, sentences, rawProcesses } = options;
  const transformers = (name: string, own: string): Side => ({
    name,
    about: 'Express and the token-classification pipeline of transformers.js',
    variant: own,
    prepare: () => {
      preparePeer();
      return peerVersions();
    },
    start: () => startTransformersSide({ ...options, variant: own }),
  });
  const runtime = (): Record<string, string> => ({
    'onnxruntime-node': versionOf('node_modules/onnxruntime-node/package.json'),
  });
  const sides: Record<(typeof sideNames)[number], Side> = {
    entier: {
      name: 'entier',
      about: 'our gateway with this one variant, past its result cache',
      variant,
      prepare: runtime,
      start: () => startGatewaySide(options),
    },
    'transformers-js-q8': transformers('transformers-js-q8', variant),
    'transformers-js-fp32': transformers('transformers-js-fp32', fp32Variant),
    'fastapi-onnxruntime': fastapiOnnxruntimeSide(options),
    'fastapi-spacy': fastapiSpacySide(options),
    'raw-loop': {
      name: 'raw-loop',
      about: `ONNX Runtime alone on tokenised text, ${rawProcesses} processes of one thread: the limit`,
      variant,
      prepare: runtime,
      start: () => startRawLoop({ modelsDir, variant, sentences, processes: rawProcesses }),
    },
  };
  return sideNames.map((name) => sides[name]);
}
