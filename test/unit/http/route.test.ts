import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { openApiOf } from '../../../src/http/openapi.js';
import { routerPath, type Route } from '../../../src/http/route.js';

const handle = (): void => undefined;

const ROUTES: readonly Route[] = [
  {
    method: 'post',
    path: '/things/{name}/parts/{part}',
    summary: 'Makes a part.',
    parameters: { name: 'The thing.', part: 'The part.' },
    headers: [{ name: 'X-Colour', description: 'Its colour.', schema: { type: 'string' } }],
    request: z.strictObject({ size: z.int().default(3) }),
    status: 202,
    response: [z.strictObject({ id: z.string() }), 'text/event-stream'],
    answerHeaders: { Location: 'Where it is.' },
    security: 'adminKey',
    errors: ['not_found', 'unknown_variant'],
    handle,
  },
  {
    method: 'delete',
    path: '/things/{name}/parts/{part}',
    summary: 'Removes a part.',
    request: 'application/x-ndjson',
    status: 204,
    errors: [],
    handle,
  },
];

describe('routerPath', () => {
  it('turns the parameters of OpenAPI into those of the router', () => {
    assert.equal(routerPath({ path: '/a/{b}/c/{d}' }), '/a/:b/c/:d');
    assert.equal(routerPath({ path: '/v1/ner' }), '/v1/ner');
  });
});

describe('openApiOf', () => {
  interface Operation {
    readonly parameters: readonly { in: string; name: string; required: boolean }[];
    readonly responses: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly security?: unknown;
    readonly requestBody?: { content: Record<string, { schema?: { required?: unknown } }> };
  }
  const document = openApiOf(ROUTES);
  const path = document.paths['/things/{name}/parts/{part}'] as Record<string, Operation>;
  const [post, remove] = [path['post']!, path['delete']!];

  it('tells of parameters in the path and in headers', () => {
    assert.deepEqual(
      post.parameters.map(({ in: where, name, required }) => [where, name, required]),
      [
        ['path', 'name', true],
        ['path', 'part', true],
        ['header', 'X-Colour', false],
        ['header', 'X-Request-Id', false],
      ],
    );
  });

  it('tells of the status, the media types and the headers of the answer', () => {
    assert.deepEqual(Object.keys(post.responses), ['202', '404', '500']);
    const answer = post.responses['202']!;
    assert.deepEqual(Object.keys(answer['content'] as object), [
      'application/json',
      'text/event-stream',
    ]);
    assert.deepEqual(Object.keys(answer['headers'] as object), ['Location']);
  });

  it('has no content where there is no body', () => {
    assert.deepEqual(remove.responses['204'], { description: 'The answer.' });
  });

  it('describes a body as it is sent, where fields with defaults may be missing', () => {
    assert.equal(
      post.requestBody?.content['application/json']?.schema?.required,
      undefined,
      'size is not required',
    );
    assert.deepEqual(remove.requestBody?.content, { 'application/x-ndjson': {} });
  });

  it('names the scheme of a route that asks for a key, and declares it', () => {
    assert.deepEqual(post.security, [{ adminKey: [] }]);
    assert.equal(remove.security, undefined);
    assert.deepEqual(Object.keys(document.components.securitySchemes ?? {}), ['adminKey']);
    assert.equal(openApiOf(ROUTES.slice(1)).components.securitySchemes, undefined);
  });
});
