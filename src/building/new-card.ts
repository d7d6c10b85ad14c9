import type { CompressedModel } from '../compress/compress-model.js';
import type { Card } from '../registry/card.js';
import { BUILT_BY } from '../registry/built-variants.js';
import type { HostFacts } from '../registry/host-facts.js';
import type { Measurement } from '../registry/measurement-store.js';
import { runTimeMs } from '../scheduling/latency-profile.js';
import type { BuildJob } from './build-job.js';
import { cardRecipe, cardInWords } from './card-recipe.js';
import { elasticOfChild } from './elastic-order.js';
import { measuredCutF1 } from './measured-cuts.js';

/** Those of which the cards of the Python pipeline tell the times. */
const SHAPES = [
  [1, 8],
  [1, 32],
  [1, 128],
  [8, 32],
] as const;

export interface NewVariant {
  readonly job: BuildJob;
  readonly made: Omit<CompressedModel, 'bytes'>;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** With its own answers. */
  readonly reference: Card['reference'];
  /** Its agreement is with the parent. */
  readonly measurement: Measurement;
  readonly host: HostFacts;
  readonly runtimeVersion: string;
  readonly createdAt: string;
}

/**
 * The card of a variant that was built of another. Its quality is estimated: what the parent's card tells of this cut, or
 * else the parent's F1 times the agreement with it. Nothing that was measured for the parent is passed on.
 */
export function newCard(variant: NewVariant): Card {
  const { job, made, sha256, sizeBytes, reference, measurement, host } = variant;
  const { parent, name } = job;
  const { agreement } = measurement;
  const flags = host.cpuFlags === '' ? '' : ` (${host.cpuFlags.split(' ').join(', ')})`;
  const cpu = `${host.cpuModel}${flags}`;
  const runtime = `onnxruntime ${variant.runtimeVersion}`;
  const elastic = elasticOfChild(parent.elastic);
  const card: Card = {
    schemaVersion: 1,
    name,
    task: parent.task,
    description: name,
    parent: parent.name,
    recipe: cardRecipe(made.recipe, parent),
    file: 'model.onnx',
    sha256,
    sizeBytes,
    parameters: made.parameters,
    labels: parent.labels,
    ...(parent.tagging === undefined ? {} : { tagging: parent.tagging }),
    inputs: parent.inputs,
    tokenizer: parent.tokenizer,
    providers: providersOf(made.recipe.precision, parent),
    quality: qualityOf(parent, agreement, measuredCutF1(parent, made.recipe)),
    evaluation: {
      agreement: { with: parent.name, f1: rounded(agreement), sentences: reference.length },
    },
    ...(elastic === undefined ? {} : { elastic }),
    reference,
    latency: {
      cpu,
      runtime,
      threads: job.threads,
      measuredAt: measurement.measuredAt,
      profile: measurement.profile,
      ms: Object.fromEntries(
        SHAPES.map(([jobs, length]) => [
          `${jobs}x${length}`,
          Math.round(runTimeMs(measurement.profile, jobs, length) * 1e3) / 1e3,
        ]),
      ),
    },
    provenance: {
      builtBy: BUILT_BY,
      createdAt: variant.createdAt,
      parent: { name: parent.name, sha256: parent.sha256 },
      recipe: job.recipe,
      removed: made.removed,
      quantizedProducts: made.quantized,
      notes: made.notes,
      cpu,
      runtime,
    },
  };
  return { ...card, description: `${parent.name}, made smaller: ${cardInWords(card)}.` };
}

/** Of a parent that nobody has evaluated, the agreement with it is all that is known. */
function qualityOf({ quality }: Card, agreement: number, ofCut?: number): Card['quality'] {
  if (quality === null) {
    return {
      value: rounded(agreement),
      measure: 'agreement',
      split: 'reference',
      source: 'measured',
    };
  }
  // The figure of a cut is of a file that Python made; this one agrees with it, but was not measured itself.
  return { ...quality, value: ofCut ?? rounded(quality.value * agreement), source: 'estimated' };
}

/** Integers are computed on CPUs; what a GPU can take it can take in halves too. */
function providersOf(precision: string, parent: Card): Card['providers'] {
  if (precision === 'fp16-compute') return ['cpu', 'cuda'];
  if (precision === 'fp32' || precision === 'fp16-stored') return parent.providers;
  return ['cpu'];
}

function rounded(share: number): number {
  return Math.round(share * 1e5) / 1e5;
}
