import { z } from 'zod';
import { variantName } from '../names.js';
import type { BuildState, BuildView } from './admin-port.js';

/** The vocabulary of recipes; it belongs to the compressor, so whoever knows that passes it. */
export type RecipeSchema = z.ZodType<Readonly<Record<string, unknown>>>;

const MAX_DIRECTORY_LENGTH = 255;
const MAX_FIT_TOKENS = 512;
const MAX_FIT_MS = 60_000;

/** Names of folders with slashes between, none of which begins with a dot: nothing leads out, and no URL looks like it. */
const DIRECTORY = /^[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.-]*)*$/;

const agreement = z.number().min(0).max(1);
const wanted = {
  name: variantName
    .optional()
    .describe('Of the new variant; made from parent and recipe where absent.'),
  keep: z
    .boolean()
    .default(false)
    .describe('Whether it is kept on disk, so that the next start has it.'),
  activate: z.boolean().default(true).describe('Whether it serves as soon as it is ready.'),
};

/** The body of `POST /admin/variants`. */
export function buildRequestSchema(recipe: RecipeSchema) {
  return z.strictObject({
    parent: variantName.describe('The variant that it is made of.'),
    recipe,
    ...wanted,
  });
}

/** The body of `POST /admin/variants/fit`. */
export const fitRequestSchema = z.strictObject({
  tokens: z.int().min(1).max(MAX_FIT_TOKENS).describe('Of the window whose run time counts.'),
  max_ms: z
    .number()
    .positive()
    .max(MAX_FIT_MS)
    .describe('That such a run may take, alone on a worker.'),
  min_agreement: agreement
    .default(0.97)
    .describe("Entity F1 against the parent's answers; what agrees less is not chosen."),
  parent: variantName
    .optional()
    .describe(
      'Where absent: the best variant that serves in floats, and those of its kind that were trained to be cut; what should be best of either is made.',
    ),
  ...wanted,
});

/** The body of `POST /admin/models`. */
export const modelRequestSchema = z.strictObject({
  directory: z
    .string()
    .max(MAX_DIRECTORY_LENGTH)
    .regex(DIRECTORY, {
      error: 'expected a folder below the models folder, such as "incoming/my-model"',
    })
    .describe('A Hugging Face style folder below the models folder.'),
  name: variantName.optional().describe('The name of the folder where absent.'),
});

export const modelAnswerSchema = z.strictObject({ name: z.string() });

/** The body, if there is one, of what needs none. */
export const emptySchema = z.strictObject({});

const STATES = [
  'queued',
  'building',
  'gating',
  'warming',
  'ready',
  'active',
  'cancelled',
  'failed',
  'gate_failed',
] as const satisfies readonly BuildState[];

const recipeView = z.record(z.string(), z.unknown());

export const buildSchema = z.strictObject({
  id: z.string(),
  kind: z.enum(['build', 'fit']),
  name: z.string().nullable().describe('Null until a fit has chosen.'),
  parent: z.string(),
  recipe: recipeView.nullable().describe('Null until a fit has chosen.'),
  state: z
    .enum(STATES)
    .describe('ready: it was not asked to serve. The last five are ends, the others pass.'),
  progress: z.number().min(0).max(1),
  agreement: agreement.nullable().describe("Entity F1 against the parent's answers."),
  error: z
    .strictObject({
      code: z.string(),
      detail: z.string(),
      errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
    })
    .nullable(),
  front: z
    .array(
      z.strictObject({
        recipe: recipeView,
        ms: z.number(),
        agreement,
        size_bytes: z.int(),
        fits: z.boolean().describe('Fast enough, and close enough to its parent.'),
      }),
    )
    .nullable()
    .describe('What a fit saw, fastest first, measured on this host; null of a build.'),
  timing_ms: z
    .strictObject({ build: z.number(), gate: z.number(), warm: z.number(), total: z.number() })
    .nullable()
    .describe(
      'Of a variant that is ready: compressing, its gate, loading it into all workers, and all from the request.',
    ),
  peak_memory_bytes: z.int().nullable().describe('Of the processes that made it.'),
  requested_at: z.string(),
  finished_at: z.string().nullable(),
});

export const buildsSchema = z.strictObject({ builds: z.array(buildSchema) });

/** The wire form of a build. */
export function toWireBuild({
  error,
  front,
  timing,
  ...view
}: BuildView): z.input<typeof buildSchema> {
  return {
    id: view.id,
    kind: view.kind,
    name: view.name ?? null,
    parent: view.parent,
    recipe: view.recipe ?? null,
    state: view.state,
    progress: view.progress,
    agreement: view.agreement ?? null,
    error: error === undefined ? null : toWireError(error),
    front:
      front?.map(({ recipe, ms, agreement, sizeBytes, fits }) => ({
        recipe,
        ms,
        agreement,
        size_bytes: sizeBytes,
        fits,
      })) ?? null,
    timing_ms: timing === undefined ? null : toWireTiming(timing),
    peak_memory_bytes: view.peakMemoryBytes ?? null,
    requested_at: view.requestedAt,
    finished_at: view.finishedAt ?? null,
  };
}

function toWireTiming({ buildMs, gateMs, warmMs, totalMs }: NonNullable<BuildView['timing']>) {
  const [build, gate, warm, total] = [buildMs, gateMs, warmMs, totalMs].map(Math.round);
  return { build: build!, gate: gate!, warm: warm!, total: total! };
}

function toWireError({ code, detail, errors }: NonNullable<BuildView['error']>) {
  const inBody = errors?.map((issue) => ({ ...issue, pointer: `/recipe${issue.pointer}` }));
  return { code, detail, ...(inBody && { errors: inBody }) };
}
