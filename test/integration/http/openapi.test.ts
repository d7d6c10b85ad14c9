import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { FakeAdmin } from '../../support/fake-admin.js';
import { startHttp } from '../../support/http-harness.js';

interface Operation {
  readonly summary: string;
  readonly security?: readonly Record<string, unknown>[];
  readonly parameters: readonly { in: string; name: string; description: string }[];
  readonly responses: Readonly<Record<string, object>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

async function documentOf(admin?: FakeAdmin): Promise<Document> {
  const http = await startHttp({}, admin && { admin: admin.options() });
  try {
    return (await (await fetch(`${http.url}/openapi.json`)).json()) as Document;
  } finally {
    await http.close();
  }
}

const operations = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

describe('/openapi.json', () => {
  for (const { what, admin } of [
    { what: 'without the admin API', admin: undefined },
    { what: 'with it', admin: new FakeAdmin() },
  ]) {
    it(`is valid by the schema of OpenAPI 3.1 ${what}`, async () => {
      const { valid, errors } = await new Validator().validate({ ...(await documentOf(admin)) });
      assert.equal(valid, true, JSON.stringify(errors, null, 2));
    });
  }

  it('tells the two apart', async () => {
    const isAdmin = ({ path }: { path: string }): boolean => path.startsWith('/admin');
    assert.deepEqual(operations(await documentOf()).filter(isAdmin), []);
    assert.equal(operations(await documentOf(new FakeAdmin())).filter(isAdmin).length, 10);
  });

  it('asks for the key in all of the admin API and nowhere else', async () => {
    for (const { path, operation } of operations(await documentOf(new FakeAdmin()))) {
      const isGuarded = /^\/(admin|v2\/repository\/models)\//.test(path);
      const expected = isGuarded ? [{ adminKey: [] }] : undefined;
      assert.deepEqual(operation.security, expected, path);
      assert.equal('401' in operation.responses, expected !== undefined, path);
    }
  });

  it('gives errors of foreign protocols another shape than its own', async () => {
    for (const { path, operation } of operations(await documentOf(new FakeAdmin()))) {
      const foreign = /^\/(v2|models)\b/.test(path);
      const failure = JSON.stringify(operation.responses['500']);
      assert.equal(failure.includes('"#/components/schemas/Error"'), foreign, path);
      assert.equal(failure.includes('application/problem+json'), !foreign, path);
    }
  });

  it('describes the lines of a stream', async () => {
    const { paths } = await documentOf();
    const text = JSON.stringify(paths['/ner/stream']!['post']!.responses['200']);
    assert.match(text, /"application\/x-ndjson":\{"schema":\{"anyOf":/);
  });

  it('says what every parameter of a path means', async () => {
    for (const { path, operation } of operations(await documentOf(new FakeAdmin()))) {
      const inPath = operation.parameters.filter((each) => each.in === 'path');
      assert.deepEqual(
        inPath.map(({ name }) => `{${name}}`),
        path.match(/\{\w+\}/g) ?? [],
      );
      for (const { description } of inPath) assert.ok(description !== '', path);
    }
  });

  it('has the vocabulary of recipes', async () => {
    const { paths } = await documentOf(new FakeAdmin());
    const text = JSON.stringify(paths['/admin/variants']!['post']);
    assert.match(text, /"recipe":\{"type":"object","properties":\{"precision":\{/);
    assert.match(text, /"enum":\["int8","w8","w4","fp16-stored","fp16-compute","fp32"\]/);
    assert.match(text, /"required":\["parent","recipe"\]/);
  });
});
