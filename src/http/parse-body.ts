import { errors } from '../errors.js';
import type { z } from 'zod';
import type { FieldIssue } from '../errors.js';

/** More wrong fields than this are not listed. */
const MAX_ISSUES = 20;
const MAX_POINTER_LENGTH = 80;

/** A body as typed fields. Throws validation_failed with a pointer to each field that is wrong, never with its value. */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw errors.validationFailed(parsed.error.issues.flatMap(toIssues).slice(0, MAX_ISSUES));
}

/** zod's messages name types and bounds and never hold the value that was sent. */
function toIssues(issue: z.core.$ZodIssue): FieldIssue[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ pointer: pointerTo(issue.path), detail: issue.message }];
  }
  return issue.keys.map((key) => ({
    pointer: pointerTo([...issue.path, key]),
    detail: 'there is no such field',
  }));
}

/** A JSON pointer, RFC 6901. An unknown key may be anything, so it is made well-formed and cut. */
function pointerTo(path: readonly PropertyKey[]): string {
  const tokens = path.map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1'));
  const pointer = tokens.map((token) => `/${token}`).join('');
  return Buffer.from(pointer.slice(0, MAX_POINTER_LENGTH)).toString();
}
