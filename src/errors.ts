/** The catalogue of errors. It knows no HTTP: `http/problem.ts` maps each code to a status once. */

export type ErrorCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'unknown_variant'
  | 'method_not_allowed'
  | 'conflict'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'validation_failed'
  | 'rate_limited'
  | 'build_queue_full'
  | 'inference_failed'
  | 'overloaded'
  | 'budget_unreachable'
  | 'not_ready'
  | 'draining'
  | 'deadline_exceeded'
  | 'storage_full'
  | 'internal';

/** One field that is wrong: a JSON pointer into the body, or the name of a header. */
export interface FieldIssue {
  readonly pointer: string;
  readonly detail: string;
}

/** Members that a problem document may carry beside its code and detail. */
export interface ErrorExtra {
  readonly errors?: readonly FieldIssue[];
  readonly available?: readonly string[];
  readonly limit?: number;
  readonly allow?: readonly string[];
  readonly retryAfterMs?: number;
  /** How to authenticate. */
  readonly challenge?: string;
}

/** An expected failure with a stable code. `detail` goes to the caller: no path, no stack, no input text. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly extra: ErrorExtra;

  constructor(code: ErrorCode, detail: string, options: ErrorExtra & { cause?: unknown } = {}) {
    const { cause, ...extra } = options;
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'GatewayError';
    this.code = code;
    this.extra = extra;
  }
}

export const errors = {
  invalidRequest: (detail: string) => new GatewayError('invalid_request', detail),
  unauthenticated: (detail: string, challenge: string) =>
    new GatewayError('unauthenticated', detail, { challenge }),
  forbidden: (detail: string) => new GatewayError('forbidden', detail),
  notFound: (detail = 'There is nothing at this path; see /openapi.json.') =>
    new GatewayError('not_found', detail),
  unknownVariant: (available: readonly string[]) =>
    new GatewayError('unknown_variant', 'No variant of that name is being served.', { available }),
  methodNotAllowed: (allow: readonly string[]) =>
    new GatewayError('method_not_allowed', `This path answers to ${allow.join(', ')} only.`, {
      allow,
    }),
  conflict: (detail: string) => new GatewayError('conflict', detail),
  payloadTooLarge: (limitBytes: number, what = 'The body') =>
    new GatewayError('payload_too_large', `${what} is larger than ${limitBytes} bytes.`, {
      limit: limitBytes,
    }),
  unsupportedMediaType: (detail: string) => new GatewayError('unsupported_media_type', detail),
  validationFailed: (issues: readonly FieldIssue[]) =>
    new GatewayError(
      'validation_failed',
      issues.map(({ pointer, detail }) => `${pointer || 'the body'}: ${detail}`).join('; '),
      { errors: issues },
    ),
  rateLimited: (detail: string, retryAfterMs: number) =>
    new GatewayError('rate_limited', detail, { retryAfterMs }),
  buildQueueFull: (limit: number, retryAfterMs: number) =>
    new GatewayError(
      'build_queue_full',
      `${limit} builds wait already; ask again when one of them is done.`,
      { limit, retryAfterMs },
    ),
  inferenceFailed: (cause?: unknown) =>
    new GatewayError('inference_failed', 'The model could not process this text.', { cause }),
  overloaded: (retryAfterMs: number) =>
    new GatewayError('overloaded', 'The gateway holds as much work as it may; try again later.', {
      retryAfterMs,
    }),
  tooManyStreams: (limit: number, retryAfterMs: number) =>
    new GatewayError(
      'overloaded',
      `${limit} streams of documents are open already; try again later, or send requests.`,
      { limit, retryAfterMs },
    ),
  displaced: (retryAfterMs: number) =>
    new GatewayError(
      'overloaded',
      'More critical requests needed the time that was kept for this one; try again later.',
      { retryAfterMs },
    ),
  budgetUnreachable: (predictedMs: number, retryAfterMs: number) =>
    new GatewayError(
      'budget_unreachable',
      `Even the fastest allowed variant would need about ${Math.ceil(predictedMs)} ms now.`,
      { retryAfterMs },
    ),
  notReady: (retryAfterMs: number) =>
    new GatewayError('not_ready', 'No variant is ready to serve yet; see /readyz.', {
      retryAfterMs,
    }),
  variantLoading: (retryAfterMs: number) =>
    new GatewayError(
      'not_ready',
      'This variant was unloaded to save memory and is being loaded again; try again in a moment.',
      { retryAfterMs },
    ),
  draining: (retryAfterMs: number) =>
    new GatewayError('draining', 'The gateway is shutting down; ask another replica.', {
      retryAfterMs,
    }),
  deadlineExceeded: (spentMs: number) =>
    new GatewayError('deadline_exceeded', `No answer within ${Math.ceil(spentMs)} ms.`),
  storageFull: (cause?: unknown) =>
    new GatewayError(
      'storage_full',
      'There is no room left to write it; free some and ask again.',
      {
        cause,
      },
    ),
} as const;

/** The gateway cannot start; the message says what is missing and what to do, in one sentence for the operator. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
