import { nerAnswerSchema } from './ner-answer.js';
import { NerRoute } from './ner-route.js';
import type { ErrorCode } from '../errors.js';
import type { NerRouteOptions } from './ner-route.js';
import type { RequestHeader, Route } from './route.js';

const HEADERS: readonly RequestHeader[] = [
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

const ERRORS: readonly ErrorCode[] = [
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
export function nerRoutes(options: NerRouteOptions): Route[] {
  const ner = new NerRoute(options);
  return ['/ner', '/v1/ner'].map((path) => ({
    method: 'post',
    path,
    summary: 'Finds the named entities of a text, or of several, within a latency budget.',
    headers: HEADERS,
    request: ner.schema,
    response: nerAnswerSchema,
    errors: ERRORS,
    handle: ner.handle,
  }));
}
