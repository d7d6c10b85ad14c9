import { nerAnswerSchema } from './ner-answer.js';
import { nerRoute } from './ner-route.js';
import type { ErrorCode } from '../errors.js';
import type { NerCall } from './ner-call.js';
import type { RequestHeader, Route } from './route.js';

export const NER_HEADERS: readonly RequestHeader[] = [
  {
    name: 'X-Latency-Budget-Ms',
    description: 'The latency budget where the body says nothing of one.',
    schema: { type: 'number', exclusiveMinimum: 0 },
  },
  {
    name: 'Cache-Control',
    description: 'no-cache goes past the result cache.',
    schema: { type: 'string' },
  },
];

/** What can go wrong with a recognition, whatever its shape. */
export const NER_ERRORS: readonly ErrorCode[] = [
  'invalid_request',
  'unknown_variant',
  'payload_too_large',
  'unsupported_media_type',
  'validation_failed',
  'inference_failed',
  'overloaded',
  'budget_unreachable',
  'not_ready',
  'draining',
  'deadline_exceeded',
];

/** Recognition in the gateway's own shape. */
export function nerRoutes(call: NerCall, limits: { maxBodyBytes: number }): Route[] {
  const handle = nerRoute(call, limits);
  return ['/ner', '/v1/ner'].map((path) => ({
    method: 'post',
    path,
    summary: 'Finds the named entities of a text, or of several, within a latency budget.',
    headers: NER_HEADERS,
    request: call.schema,
    response: nerAnswerSchema,
    errors: NER_ERRORS,
    handle,
  }));
}
