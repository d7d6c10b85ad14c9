import { z } from 'zod';
import { problemSchema } from './problem-schema.js';
import type { Problem } from './problem.js';

/** The shape of an error in the protocols of others: their clients read `error`. */
export const errorBodySchema = problemSchema
  .omit({ type: true, title: true, status: true, detail: true })
  .extend({ error: z.string().describe('For people.') })
  .meta({ title: 'Error' });

/** A problem in that shape. Only `error` is read by those clients; the rest is as in a problem. */
export function errorBodyOf({ code, detail, request_id, errors, ...rest }: Problem) {
  const { limit, available, allow } = rest;
  return { error: detail, code, request_id, errors, limit, available, allow };
}
