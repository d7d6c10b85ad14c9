import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';
import type { Exchange } from './exchange.js';

/** A body: its schema where it is JSON, else its media type, and the schema of a line where each is JSON. */
export type Body = z.ZodType | string | LinesBody;

export interface LinesBody {
  readonly type: string;
  readonly line: z.ZodType;
}

/** A header that a route reads. */
export interface RequestHeader {
  readonly name: string;
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/**
 * One row of the table that drives registration, 405 answers and the OpenAPI document. A table of rows is a function in
 * a file of its own; `routes.ts` joins them.
 */
export interface Route {
  readonly method: 'get' | 'post' | 'delete';
  /** Parameters in braces, as OpenAPI has them: `/models/{name}`. The metrics' label is this and never the path asked for. */
  readonly path: string;
  readonly summary: string;
  /** What each parameter of the path means. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly headers?: readonly RequestHeader[];
  /** Several where the caller's Content-Type decides. */
  readonly request?: Body | readonly Body[];
  /** The body may be empty. */
  readonly optionalBody?: true;
  /** Of the answer where all went well; 200 where absent. */
  readonly status?: 200 | 201 | 202 | 204;
  /** Absent where the answer has no body; several where the caller's Accept decides. */
  readonly response?: Body | readonly Body[];
  /** Headers of the answer and what they mean. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** For the document; whoever builds the row wraps `handle`. */
  readonly security?: 'adminKey';
  readonly errors: readonly ErrorCode[];
  /** Whether it belongs to a protocol of others, whose clients read `error` and no problem documents. */
  readonly foreign?: boolean;
  readonly handle: (exchange: Exchange) => void | Promise<void>;
}

/** The path in the language of Express's router: `/models/:name`. */
export function routerPath({ path }: Pick<Route, 'path'>): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/**
 * Whether a path belongs to a protocol of others though nothing is there: its first part is that of such a route. `url`:
 * the path asked for, with its query.
 */
export function foreignPaths(routes: readonly Route[]): (url: string) => boolean {
  const roots = new Set(routes.filter(({ foreign }) => foreign).map(({ path }) => rootOf(path)));
  return (url) => roots.has(rootOf(url));
}

function rootOf(url: string): string {
  return (/^\/[^/?]*/.exec(url)?.[0] ?? '').toLowerCase();
}

/** The value of a parameter in the path asked for, decoded. */
export function pathParameter({ req }: Exchange, name: string): string {
  const value = (req.params as Readonly<Record<string, unknown>>)[name];
  if (typeof value === 'string') return value;
  throw new Error(`the path has no parameter ${name}; this is a bug`);
}
