import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';
import type { Exchange } from './exchange.js';

/** One row of the table that drives registration, 405 answers and the OpenAPI document. */
export interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly request?: z.ZodType;
  /** The body of a 200: its schema, or its media type where it is no JSON. */
  readonly response: z.ZodType | string;
  readonly errors: readonly ErrorCode[];
  readonly handle: (exchange: Exchange) => void | Promise<void>;
}
