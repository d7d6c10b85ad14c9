import { z } from 'zod';
import { problemSchema } from './problem-schema.js';
import { PROBLEM_TYPE, statusOf } from './problem.js';
import type { ErrorCode } from '../errors.js';
import type { Route } from './route.js';

const REQUEST_HEADERS = [
  {
    name: 'X-Latency-Budget-Ms',
    description: 'The latency budget where the body says nothing of one.',
    schema: { type: 'number', exclusiveMinimum: 0 },
  },
  {
    name: 'X-Request-Id',
    description: 'Given back in the answer and written to the log.',
    schema: { type: 'string', pattern: '^[\\w.-]{1,128}$' },
  },
  {
    name: 'Cache-Control',
    description: 'no-cache goes past the result cache.',
    schema: { type: 'string' },
  },
].map((header) => ({ in: 'header', required: false, ...header }));

/** The OpenAPI 3.1 document of a route table. */
export function openApiOf(routes: readonly Route[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Entier',
      version: '1',
      description: 'Named-entity recognition within a latency budget.',
    },
    paths,
    components: { schemas: { Problem: jsonSchemaOf(problemSchema, 'output') } },
  };
}

function operationOf(route: Route) {
  const content =
    typeof route.response === 'string'
      ? { [route.response]: {} }
      : { 'application/json': { schema: jsonSchemaOf(route.response, 'output') } };
  return {
    summary: route.summary,
    ...(route.request && {
      parameters: REQUEST_HEADERS,
      requestBody: {
        required: true,
        content: { 'application/json': { schema: jsonSchemaOf(route.request, 'input') } },
      },
    }),
    responses: { '200': { description: 'The answer.', content }, ...problemsOf(route.errors) },
  };
}

/** One response a status, naming the codes that have it. */
function problemsOf(codes: readonly ErrorCode[]) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes, 'internal'] as const) {
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  }
  const schema = { $ref: '#/components/schemas/Problem' };
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      { description: group.join(', '), content: { [PROBLEM_TYPE]: { schema } } },
    ]),
  );
}

function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  // The dialect is OpenAPI 3.1's own, so it is not named in every schema.
  const json: Record<string, unknown> = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  delete json['$schema'];
  return json;
}
