import { z } from 'zod';
import { errors } from '../errors.js';
import { CRITICALITIES, OVERFLOWS } from '../gateway/ner-request.js';
import { AGGREGATIONS, OFFSET_UNITS } from '../ner/span.js';
import { parseBody } from './parse-body.js';
import type { FieldIssue } from '../errors.js';
import type { Config } from '../config.js';

export type WireConfig = Pick<Config, 'limits' | 'tiers' | 'defaultTier' | 'cascade'>;

/** A string without lone surrogates: they have no UTF-8 form, so no offset could be right. */
export const wellFormed = z
  .string()
  .refine((text) => (text as string & { isWellFormed(): boolean }).isWellFormed(), {
    error: 'holds a lone surrogate',
  });

/** The body of `POST /ner`. Built once: limits and tiers come from the configuration. */
export function nerRequestSchema({ limits, tiers, defaultTier }: WireConfig) {
  return z
    .strictObject({
      text: wellFormed.optional().describe('The text; exactly one of text and texts.'),
      texts: z
        .array(wellFormed)
        .min(1)
        .max(limits.maxTexts)
        .optional()
        .describe('Several texts, each answered for itself.'),
      latency_budget_ms: z
        .number()
        .positive()
        .max(limits.maxBudgetMs)
        .optional()
        .describe('From arrival to answer, ms. Not together with tier.'),
      tier: z
        .enum(Object.keys(tiers))
        .optional()
        .describe(`A named budget; ${defaultTier} where nothing names one.`),
      on_miss: z
        .enum(['degrade', 'reject'])
        .default('degrade')
        .describe('What to do where even the fastest allowed variant cannot make the budget.'),
      policy: z
        .enum(['best', 'cascade'])
        .optional()
        .describe(
          'best: the best variant that fits the budget. cascade: a cheap one, and a better one where that is probably wrong.',
        ),
      max_error_probability: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('A cascade keeps a first answer that is wrong with no higher probability.'),
      criticality: z
        .enum(CRITICALITIES)
        .default('default')
        .describe('Who gives way to whom when not all can be answered in time.'),
      min_f1: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('Never answer with a variant below this F1.'),
      variant: z.string().min(1).max(64).optional().describe('The one variant that may answer.'),
      experiment_key: wellFormed
        .min(1)
        .max(256)
        .optional()
        .describe('The unit that is assigned to an arm, such as a user.'),
      labels: z.array(wellFormed.min(1)).min(1).max(256).optional().describe('Only these labels.'),
      threshold: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('Only entities of this score or more.'),
      aggregation: z
        .enum(AGGREGATIONS)
        .default('viterbi')
        .describe('How token labels become entities.'),
      offset_unit: z.enum(OFFSET_UNITS).default('codepoint').describe('What start and end count.'),
      overflow: z
        .enum(OVERFLOWS)
        .default('chunk')
        .describe('What to do with a text that is longer than a window of the model.'),
    })
    .meta({ oneOf: [{ required: ['text'] }, { required: ['texts'] }] });
}

export type NerRequestSchema = ReturnType<typeof nerRequestSchema>;
export type NerRequestBody = z.output<NerRequestSchema>;

/** The body as typed fields. Throws validation_failed with a pointer to each field that is wrong. */
export function parseNerBody(schema: NerRequestSchema, body: unknown): NerRequestBody {
  const parsed = parseBody(schema, body);
  const issues = contradictions(parsed);
  if (issues.length > 0) throw errors.validationFailed(issues);
  return parsed;
}

function contradictions(body: NerRequestBody): FieldIssue[] {
  const { text, texts, latency_budget_ms, tier, policy, variant } = body;
  const issues: FieldIssue[] = [];
  if (text === undefined && texts === undefined) {
    issues.push({ pointer: '/text', detail: 'give text or texts' });
  }
  if (text !== undefined && texts !== undefined) {
    issues.push({ pointer: '/texts', detail: 'give text or texts, not both' });
  }
  if (latency_budget_ms !== undefined && tier !== undefined) {
    issues.push({ pointer: '/tier', detail: 'give latency_budget_ms or tier, not both' });
  }
  if (policy === 'cascade' && variant !== undefined) {
    issues.push({ pointer: '/policy', detail: 'give variant or policy cascade, not both' });
  }
  return issues;
}
