import { z } from 'zod';

/** The shape of every error, RFC 9457 `application/problem+json`. */
export const problemSchema = z
  .strictObject({
    type: z.string().describe('urn:entier:problem: and the code.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable; for programs.'),
    request_id: z.string().optional(),
    errors: z
      .array(
        z.strictObject({
          pointer: z.string().describe('JSON pointer into the body, or the name of a header.'),
          detail: z.string(),
        }),
      )
      .optional(),
    limit: z.number().optional(),
    available: z.array(z.string()).optional(),
    allow: z.array(z.string()).optional(),
  })
  .meta({ title: 'Problem' });
