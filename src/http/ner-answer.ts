import { z } from 'zod';
import { GatewayError } from '../errors.js';
import { CASCADE_OUTCOMES, type CascadeView } from '../gateway/ner-request.js';
import { OFFSET_UNITS } from '../ner/span.js';
import { problemOf } from './problem.js';
import { problemSchema } from './problem-schema.js';
import type { NerOutcome, NerRequest, NerResult } from '../gateway/ner-request.js';

const millis = z.number().min(0);

const resultSchema = z.strictObject({
  entities: z.array(
    z.strictObject({
      label: z.string(),
      text: z.string().describe('What start and end cut out.'),
      start: z.int().min(0),
      end: z.int().min(0).describe('Exclusive.'),
      score: z.number().min(0).max(1),
    }),
  ),
  variant: z.string().describe('The variant that answered.'),
  decision: z
    .enum([
      'best_fit',
      'degraded',
      'fastest_available',
      'confident',
      'pinned',
      'experiment',
      'cached',
    ])
    .describe('Why this variant.'),
  cascade: z
    .strictObject({
      outcome: z.enum(CASCADE_OUTCOMES).describe('What became of the cascade.'),
      stages: z.array(
        z.strictObject({
          variant: z.string(),
          error_probability: z
            .number()
            .min(0)
            .max(1)
            .nullable()
            .describe('That the answer of this stage is wrong; null where its card does not tell.'),
        }),
      ),
    })
    .optional()
    .describe('With policy cascade, unless a pin or an experiment chose the variant.'),
  experiment: z.strictObject({ name: z.string(), arm: z.string() }).nullable(),
  budget: z.strictObject({ requested_ms: z.number(), met: z.boolean() }),
  truncated: z.boolean(),
  cached: z.boolean(),
  timing_ms: z.strictObject({ tokenize: millis, queue: millis, inference: millis, total: millis }),
});
const offset_unit = z.enum(OFFSET_UNITS);

/** The answer to `text`, and with the answer to `texts` below. */
export const nerResultSchema = resultSchema.extend({ offset_unit });
export const nerAnswerSchema = z.union([
  nerResultSchema,
  z.strictObject({
    results: z.array(z.union([resultSchema, z.strictObject({ error: problemSchema })])),
    offset_unit,
  }),
]);

/** The wire form of one text's answer. */
export function toWireResult(result: NerResult, { budgetMs }: NerRequest) {
  const { timing } = result;
  return {
    entities: result.entities.map(({ label, text, start, end, score }) => ({
      label,
      text,
      start,
      end,
      score: round(score, 1e6),
    })),
    variant: result.variant,
    decision: result.decision,
    ...(result.cascade && { cascade: toCascade(result.cascade) }),
    experiment: result.experiment,
    budget: { requested_ms: budgetMs, met: result.budgetMet },
    truncated: result.truncated,
    cached: result.cached,
    timing_ms: {
      tokenize: round(timing.tokenizeMs, 1e3),
      queue: round(timing.queueMs, 1e3),
      inference: round(timing.inferenceMs, 1e3),
      total: round(timing.totalMs, 1e3),
    },
  };
}

function toCascade({ outcome, stages }: CascadeView) {
  return {
    outcome,
    stages: stages.map(({ variant, errorProbability: probability }) => ({
      variant,
      error_probability: probability === null ? null : round(probability, 1e6),
    })),
  };
}

/** The wire form of one of several: a text that could not be served fails alone. */
export function toWireOutcome(outcome: NerOutcome, request: NerRequest) {
  if (outcome instanceof GatewayError) return { error: problemOf(outcome) };
  return toWireResult(outcome, request);
}

/** RFC-style Server-Timing: browsers' developer tools draw it. */
export function serverTiming({ timing }: NerResult): string {
  const { tokenizeMs, queueMs, inferenceMs, totalMs } = timing;
  return (
    `tokenize;dur=${round(tokenizeMs, 1e3)}, queue;dur=${round(queueMs, 1e3)}, ` +
    `inference;dur=${round(inferenceMs, 1e3)}, total;dur=${round(totalMs, 1e3)}`
  );
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}
