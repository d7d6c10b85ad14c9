import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { compressModel, type CompressedModel } from '../compress/compress-model.js';
import type { Recipe } from '../compress/recipe.js';
import { openTokenizer } from '../registry/card-tokenizer.js';
import { cardText } from '../registry/card-text.js';
import { hostFacts, type HostFacts } from '../registry/host-facts.js';
import { writeDurably } from '../registry/write-durably.js';
import type { BuildJob, BuildOutcome, BuildProgress } from './build-job.js';
import { outcomeOfError, ParentChangedError } from './build-failure.js';
import { unitOrderOf } from './elastic-order.js';
import { gateVariant, type GatePass } from './gate-variant.js';
import type { GateWorker } from './gate-worker.js';
import { newCard } from './new-card.js';
import { safeWeightBits } from './weight-bits.js';

export interface BuildTools {
  /** A process that has loaded nothing yet. */
  readonly worker: GateWorker;
  readonly onProgress: (progress: BuildProgress) => void;
  /** Called when the model has been written and nothing holds its bytes any more. */
  readonly onWritten: () => void;
}

/** Shares of the whole, as a first build of a model of 90 MB spends its time. */
const READ = 0.03;
const COMPRESSED = 0.5;
const WRITTEN = 0.55;
const GATED = 0.98;

interface Written {
  readonly made: Omit<CompressedModel, 'bytes'>;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Compresses the parent, lets the result pass the gate and writes model and card. Never rejects. */
export async function buildVariant(job: BuildJob, tools: BuildTools): Promise<BuildOutcome> {
  try {
    return await build(job, tools);
  } catch (error) {
    return outcomeOfError(error);
  }
}

async function build(job: BuildJob, tools: BuildTools): Promise<BuildOutcome> {
  const { worker, onProgress } = tools;
  const startedAt = performance.now();
  const host = hostFacts();
  const modelPath = path.join(job.outputDir, 'model.onnx');
  const written = await writeModel(job, { host, modelPath, onProgress });
  tools.onWritten();
  const writtenAt = performance.now();

  const tokenizer = openTokenizer(job.parent, job.tokenizerPath);
  const { measurement, reference }: GatePass = await gateVariant({
    worker,
    variant: {
      name: job.name,
      path: modelPath,
      sha256: written.sha256,
      labelCount: job.parent.labels.length,
      padId: tokenizer.padId,
      providers: job.providers ?? ['cpu'],
      threads: job.threads,
    },
    parent: job.parent,
    tokenizer,
    minAgreement: job.minAgreement,
    onProgress: (share) =>
      onProgress({ state: 'gating', share: WRITTEN + (GATED - WRITTEN) * share }),
  });
  const card = newCard({
    ...written,
    job,
    reference,
    measurement,
    host,
    runtimeVersion: worker.runtimeVersion,
    createdAt: new Date().toISOString(),
  });
  // The card comes last: a folder without one is no variant.
  await writeDurably(path.join(job.outputDir, 'card.json'), cardText(card));
  onProgress({ state: 'gating', share: 1 });
  return {
    kind: 'built',
    card,
    modelPath,
    measurement,
    buildMs: writtenAt - startedAt,
    gateMs: performance.now() - writtenAt,
    // Whoever watches the process knows it.
    peakMemoryBytes: 0,
  };
}

async function writeModel(
  job: BuildJob,
  {
    host,
    modelPath,
    onProgress,
  }: { host: HostFacts; modelPath: string } & Pick<BuildTools, 'onProgress'>,
): Promise<Written> {
  const parent = await readFile(job.parentModelPath);
  if (digestOf(parent) !== job.parent.sha256) {
    throw new ParentChangedError(
      `the model file of ${job.parent.name} is not the one that its card describes (sha256); put the right file back`,
    );
  }
  onProgress({ state: 'building', share: READ });
  const order = unitOrderOf(job.parent.elastic);
  const { bytes, ...made } = compressModel(parent, withSafeBits(job.recipe, host), {
    ...(order === undefined ? {} : { order }),
    onProgress: (share) =>
      onProgress({ state: 'building', share: READ + (COMPRESSED - READ) * share }),
  });
  await writeDurably(modelPath, bytes);
  onProgress({ state: 'building', share: WRITTEN });
  return { made, sha256: digestOf(bytes), sizeBytes: bytes.length };
}

function withSafeBits(recipe: Recipe, host: HostFacts): Recipe {
  if (recipe.precision !== 'int8' || recipe.weightBits !== undefined) return recipe;
  return { ...recipe, weightBits: safeWeightBits(host) };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
