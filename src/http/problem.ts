import { GatewayError } from '../errors.js';
import type { ErrorCode, FieldIssue } from '../errors.js';

/** Status and title of every code; the only place where a failure gets a status. */
export const CODES: Record<ErrorCode, { readonly status: number; readonly title: string }> = {
  invalid_request: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'A key is needed' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Nothing here' },
  unknown_variant: { status: 404, title: 'Unknown variant' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  conflict: { status: 409, title: 'Not in this state' },
  payload_too_large: { status: 413, title: 'Body too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  validation_failed: { status: 422, title: 'A field is wrong' },
  rate_limited: { status: 429, title: 'Too many of these' },
  build_queue_full: { status: 429, title: 'Too many builds wait' },
  inference_failed: { status: 500, title: 'Inference failed' },
  internal: { status: 500, title: 'Internal error' },
  overloaded: { status: 503, title: 'Overloaded' },
  budget_unreachable: { status: 503, title: 'The budget cannot be met' },
  not_ready: { status: 503, title: 'Not ready' },
  draining: { status: 503, title: 'Shutting down' },
  deadline_exceeded: { status: 504, title: 'Too late' },
  storage_full: { status: 507, title: 'No room left' },
};

/** A problem document of RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly request_id?: string;
  readonly errors?: readonly FieldIssue[];
  readonly limit?: number;
  readonly available?: readonly string[];
  readonly allow?: readonly string[];
}

export const PROBLEM_TYPE = 'application/problem+json';

export function statusOf(code: ErrorCode): number {
  return CODES[code].status;
}

/** The document of an expected failure. */
export function problemOf({ code, message, extra }: GatewayError): Problem {
  const { errors, limit, available, allow } = extra;
  return {
    type: `urn:entier:problem:${code}`,
    ...CODES[code],
    detail: message,
    code,
    ...(errors && { errors }),
    ...(limit !== undefined && { limit }),
    ...(available && { available }),
    ...(allow && { allow }),
  };
}

/** What the caller may know of any failure: expected ones as they are, all others without their message. */
export function expectedOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('internal', 'Something went wrong inside the gateway; the log has more.');
}

/** Headers that go with the failure. Retry-After is spread over twice its time, so that callers do not return at once. */
export function problemHeaders({ extra }: GatewayError, random = Math.random): [string, string][] {
  const headers: [string, string][] = [];
  if (extra.allow) headers.push(['Allow', extra.allow.join(', ')]);
  if (extra.challenge !== undefined) headers.push(['WWW-Authenticate', extra.challenge]);
  if (extra.retryAfterMs !== undefined) {
    const seconds = Math.ceil((extra.retryAfterMs / 1000) * (1 + random()));
    headers.push(['Retry-After', String(Math.max(1, seconds))]);
  }
  return headers;
}
