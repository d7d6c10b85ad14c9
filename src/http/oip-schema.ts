import { z } from 'zod';
import { CRITICALITIES } from '../gateway/ner-request.js';
import { wellFormed, type NerRequestSchema } from './ner-schema.js';

/** What every model takes and gives: texts in, and one element a text out. */
export const INPUT = 'text';
export const OUTPUTS = ['entities', 'variant', 'decision'] as const;
export type OutputName = (typeof OUTPUTS)[number];
/** A variant does not change under its name, so each has one version. */
export const MODEL_VERSION = '1';

const size = z.int().min(0);
const datatype = z.literal('BYTES');
const element = z.union([wellFormed, z.array(wellFormed)]);

/** The body of `POST /v2/models/{name}/infer`, or its JSON part where tensors follow it. */
export function inferRequestSchema(ner: NerRequestSchema, limits: InferLimits) {
  const { maxTexts, maxBudgetMs } = limits;
  const dimension = z.int().min(1);
  const batch = dimension.max(maxTexts);
  return z.strictObject({
    id: wellFormed.max(256).optional().describe('Given back.'),
    model_name: z.string().optional().describe('The path counts.'),
    model_version: z.string().optional().describe('The path counts.'),
    parameters: ner
      .omit({ text: true, texts: true, variant: true, labels: true, criticality: true })
      .extend({
        timeout: size
          .max(maxBudgetMs * 1000)
          .optional()
          .describe('The latency budget in microseconds; 0: none is named.'),
        priority: size
          .optional()
          .describe('Who gives way: 1 critical, 0 or 2 default, above that sheddable.'),
        criticality: z.enum(CRITICALITIES).optional(),
        labels: z
          .union([z.array(wellFormed.min(1)).min(1), wellFormed.min(1)])
          .optional()
          .describe('Only these labels; a string holds them with commas between.'),
        binary_data_output: z
          .boolean()
          .optional()
          .describe('Outputs come as bytes after the JSON, unless one says otherwise.'),
      })
      .prefault({}),
    inputs: z
      .array(
        z.strictObject({
          name: z.literal(INPUT),
          datatype,
          shape: z
            .union([z.tuple([batch]), z.tuple([batch, z.literal(1)])], {
              error: `expected [n] or [n, 1], n from 1 to ${maxTexts}`,
            })
            .describe('[n] or [n, 1]'),
          parameters: z.strictObject({ binary_data_size: size.optional() }).prefault({}),
          data: z.array(element).optional().describe('Absent where the bytes follow the JSON.'),
        }),
      )
      .length(1),
    outputs: z
      .array(
        z.strictObject({
          name: z.enum(OUTPUTS),
          parameters: z.strictObject({ binary_data: z.boolean().optional() }).prefault({}),
        }),
      )
      .refine((outputs) => new Set(outputs.map(({ name }) => name)).size === outputs.length, {
        error: 'one is asked for twice',
      })
      .optional()
      .describe('Absent or empty: all.'),
  });
}

export interface InferLimits {
  readonly maxTexts: number;
  readonly maxBudgetMs: number;
}

export type InferRequest = z.output<ReturnType<typeof inferRequestSchema>>;

export const inferAnswerSchema = z.strictObject({
  id: z.string().optional(),
  model_name: z.string(),
  model_version: z.literal(MODEL_VERSION),
  outputs: z.array(
    z.strictObject({
      name: z.enum(OUTPUTS),
      datatype,
      shape: z.array(size).describe('That of the input.'),
      parameters: z.strictObject({ binary_data_size: size }).optional(),
      data: z.array(z.string()).optional().describe('entities: JSON documents.'),
    }),
  ),
});

const tensor = z.strictObject({ name: z.string(), datatype, shape: z.array(z.int()) });

export const modelSchema = z.strictObject({
  name: z.string(),
  versions: z.array(z.string()),
  platform: z.string(),
  inputs: z.array(tensor),
  outputs: z.array(tensor),
});

export const serverSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  extensions: z.array(z.string()),
});

export const liveSchema = z.strictObject({ live: z.boolean() });
export const readySchema = z.strictObject({ ready: z.boolean() });
export const modelReadySchema = z.strictObject({ name: z.string(), ready: z.boolean() });

export const indexRequestSchema = z.strictObject({
  ready: z.boolean().optional().describe('Only models that serve.'),
});
export const indexSchema = z.array(
  z.strictObject({
    name: z.string(),
    version: z.string(),
    state: z.enum(['READY', 'LOADING', 'UNAVAILABLE']),
    reason: z.string(),
  }),
);
export const loadRequestSchema = z.strictObject({
  parameters: z.strictObject({}).optional().describe('None: config and files cannot be sent.'),
});
export const loadSchema = z.strictObject({ name: z.string(), load: z.boolean() });
export const unloadRequestSchema = z.strictObject({
  parameters: z
    .strictObject({ unload_dependents: z.boolean().optional().describe('There are none.') })
    .optional(),
});
export const unloadSchema = z.strictObject({ name: z.string(), unload: z.boolean() });
