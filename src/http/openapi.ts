import { z } from 'zod';
import { errorBodySchema } from './error-body.js';
import { problemSchema } from './problem-schema.js';
import { PROBLEM_TYPE, statusOf } from './problem.js';
import type { ErrorCode } from '../errors.js';
import type { Body, Route } from './route.js';

const REQUEST_ID = {
  in: 'header',
  required: false,
  name: 'X-Request-Id',
  description: 'Given back in the answer and written to the log.',
  schema: { type: 'string', pattern: '^[\\w.-]{1,128}$' },
};

const ADMIN_KEY = {
  type: 'http',
  scheme: 'bearer',
  description: 'The key that the gateway was started with.',
};

/** The OpenAPI 3.1 document of a route table. */
export function openApiOf(routes: readonly Route[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  }
  const secured = routes.some(({ security }) => security !== undefined);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Entier',
      version: '1',
      description: 'Named-entity recognition within a latency budget.',
    },
    paths,
    components: {
      schemas: {
        Problem: jsonSchemaOf(problemSchema, 'output'),
        Error: jsonSchemaOf(errorBodySchema, 'output'),
      },
      ...(secured && { securitySchemes: { adminKey: ADMIN_KEY } }),
    },
  };
}

function operationOf(route: Route) {
  const { summary, request, security, optionalBody } = route;
  return {
    summary,
    ...(security && { security: [{ [security]: [] }] }),
    parameters: [...pathParameters(route), ...headersOf(route), REQUEST_ID],
    ...(request && {
      requestBody: { required: !optionalBody, content: contentOf(request, 'input') },
    }),
    responses: { ...answerOf(route), ...failuresOf(route) },
  };
}

function pathParameters({ path, parameters = {} }: Route) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    in: 'path',
    required: true,
    name,
    description: parameters[name] ?? '',
    schema: { type: 'string' },
  }));
}

function headersOf({ headers = [] }: Route) {
  return headers.map((header) => ({ in: 'header', required: false, ...header }));
}

function answerOf({ status = 200, response, answerHeaders = {} }: Route) {
  const headers = Object.entries(answerHeaders).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return {
    [String(status)]: {
      description: 'The answer.',
      ...(headers.length > 0 && { headers: Object.fromEntries(headers) as object }),
      ...(response && { content: contentOf(response, 'output') }),
    },
  };
}

function contentOf(bodies: Body | readonly Body[], io: 'input' | 'output') {
  const each = (body: Body): [string, object] => {
    if (typeof body === 'string') return [body, {}];
    if ('line' in body) return [body.type, { schema: jsonSchemaOf(body.line, io) }];
    return ['application/json', { schema: jsonSchemaOf(body, io) }];
  };
  return Object.fromEntries((isList(bodies) ? bodies : [bodies]).map(each));
}

function isList(bodies: Body | readonly Body[]): bodies is readonly Body[] {
  return Array.isArray(bodies);
}

/** One response a status, naming the codes that have it. */
function failuresOf({ errors: codes, foreign }: Route) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes, 'internal'] as const) {
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  }
  const schema = { $ref: `#/components/schemas/${foreign ? 'Error' : 'Problem'}` };
  const type = foreign ? 'application/json' : PROBLEM_TYPE;
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      { description: group.join(', '), content: { [type]: { schema } } },
    ]),
  );
}

function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  // The dialect is OpenAPI 3.1's own, so it is not named in every schema.
  const json: Record<string, unknown> = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  delete json['$schema'];
  return json;
}
