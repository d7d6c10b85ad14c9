import { errors, type ErrorCode } from '../errors.js';
import * as schemas from './admin-schema.js';
import { BuildStreams, wantsEvents } from './build-streams.js';
import { sendJson, sendNothing } from './exchange.js';
import { hasBody, readJson } from './json-body.js';
import { parseBody } from './parse-body.js';
import { pathParameter } from './route.js';
import { variantParameter } from './variant-parameter.js';
import type { z } from 'zod';
import type { AdminKey } from './admin-key.js';
import type { AdminPort, BuildView } from './admin-port.js';
import type { Exchange } from './exchange.js';
import type { Route } from './route.js';

export interface AdminOptions {
  readonly port: AdminPort;
  readonly key: string;
  readonly recipe: schemas.RecipeSchema;
  readonly heartbeatMs?: number;
}

export interface AdminRoutesOptions {
  readonly admin: AdminOptions;
  readonly key: AdminKey;
  readonly maxBodyBytes: number;
  readonly closing: AbortSignal | undefined;
}

/** Under the usual minute after which proxies close a silent connection. */
const HEARTBEAT_MS = 15_000;
/** Each holds a connection and a timer; the API has few callers. */
const MAX_STREAMS = 64;
const RETRY_AFTER_MS = 1_000;
const BUILD_ID = /^[\w-]{1,64}$/;

const OF_ALL: readonly ErrorCode[] = ['unauthenticated', 'forbidden', 'rate_limited'];
const OF_BODY: readonly ErrorCode[] = [
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
  'validation_failed',
];
const ID = { id: 'Of the build.' };
const NAME = { name: 'Of the variant.' };
const BUILD_HEADERS = { Location: 'Where the build is, relative to this path.' };

/** What makes and unmakes variants; every row asks for the admin key. */
export function adminRoutes({ admin, key, maxBodyBytes, closing }: AdminRoutesOptions): Route[] {
  const { port } = admin;
  const streams = new BuildStreams({
    port,
    closing,
    heartbeatMs: admin.heartbeatMs ?? HEARTBEAT_MS,
    maxStreams: MAX_STREAMS,
  });
  const read = async <Schema extends z.ZodType>({ req }: Exchange, schema: Schema) =>
    parseBody(schema, await readJson(req, maxBodyBytes));
  const readNothing = async (exchange: Exchange): Promise<void> => {
    if (hasBody(exchange.req)) await read(exchange, schemas.emptySchema);
  };
  const buildRequest = schemas.buildRequestSchema(admin.recipe);

  const rows: Route[] = [
    {
      method: 'post',
      path: '/admin/variants',
      summary: 'Makes a variant of another while that one serves.',
      request: buildRequest,
      status: 202,
      response: schemas.buildSchema,
      answerHeaders: BUILD_HEADERS,
      errors: [...OF_BODY, 'unknown_variant', 'conflict', 'build_queue_full', 'draining'],
      handle: async (exchange) => {
        const { name, ...request } = await read(exchange, buildRequest);
        accept(exchange, port.requestBuild({ ...request, name }));
      },
    },
    {
      method: 'post',
      path: '/admin/variants/fit',
      summary: 'Finds the best recipe for this host by measuring, and makes that variant.',
      request: schemas.fitRequestSchema,
      status: 202,
      response: schemas.buildSchema,
      answerHeaders: BUILD_HEADERS,
      errors: [...OF_BODY, 'unknown_variant', 'conflict', 'build_queue_full', 'draining'],
      handle: async (exchange) => {
        const body = await read(exchange, schemas.fitRequestSchema);
        const { max_ms: maxMs, min_agreement: minAgreement, name, parent, ...rest } = body;
        accept(exchange, port.requestFit({ ...rest, maxMs, minAgreement, name, parent }));
      },
    },
    {
      method: 'get',
      path: '/admin/builds',
      summary: 'The builds that wait, run and have ended lately.',
      response: schemas.buildsSchema,
      errors: [],
      handle: (exchange) => sendJson(exchange, { builds: port.builds().map(schemas.toWireBuild) }),
    },
    {
      method: 'get',
      path: '/admin/builds/{id}',
      summary: 'One build; its server-sent events where Accept asks for them.',
      parameters: ID,
      response: [schemas.buildSchema, 'text/event-stream'],
      errors: ['not_found', 'draining'],
      handle: (exchange) => {
        exchange.res.setHeader('Vary', 'Accept');
        const id = buildId(exchange);
        if (wantsEvents(exchange)) streams.start(exchange, id);
        else sendJson(exchange, schemas.toWireBuild(port.build(id)));
      },
    },
    {
      method: 'get',
      path: '/admin/builds/{id}/events',
      summary: 'Server-sent events: the build as it is, then at every change until it has ended.',
      parameters: ID,
      response: 'text/event-stream',
      errors: ['not_found', 'draining'],
      handle: (exchange) => streams.start(exchange, buildId(exchange)),
    },
    {
      method: 'delete',
      path: '/admin/builds/{id}',
      summary: 'Cancels a build that has not ended.',
      parameters: ID,
      response: schemas.buildSchema,
      errors: ['not_found', 'conflict'],
      handle: (exchange) =>
        sendJson(exchange, schemas.toWireBuild(port.cancelBuild(buildId(exchange)))),
    },
    {
      method: 'post',
      path: '/admin/variants/{name}/activate',
      summary: 'Lets a variant serve, loading it where need be.',
      parameters: NAME,
      status: 204,
      errors: [...OF_BODY, 'not_found', 'conflict', 'draining'],
      handle: async (exchange) => {
        await readNothing(exchange);
        await port.activate(variantParameter(exchange));
        sendNothing(exchange);
      },
    },
    {
      method: 'post',
      path: '/admin/variants/{name}/retire',
      summary: 'Takes a variant out of service and out of memory.',
      parameters: NAME,
      status: 204,
      errors: [...OF_BODY, 'not_found', 'conflict', 'draining'],
      handle: async (exchange) => {
        await readNothing(exchange);
        await port.retire(variantParameter(exchange));
        sendNothing(exchange);
      },
    },
    {
      method: 'delete',
      path: '/admin/variants/{name}',
      summary: 'Retires a variant and forgets it, with the files of one that was kept.',
      parameters: NAME,
      status: 204,
      errors: ['not_found', 'conflict', 'draining'],
      handle: async (exchange) => {
        await port.remove(variantParameter(exchange));
        sendNothing(exchange);
      },
    },
    {
      method: 'post',
      path: '/admin/models',
      summary: 'Takes in a model of another maker that lies below the models folder.',
      request: schemas.modelRequestSchema,
      status: 201,
      response: schemas.modelAnswerSchema,
      errors: [...OF_BODY, 'conflict', 'storage_full', 'draining'],
      handle: async (exchange) => {
        const { directory, name } = await read(exchange, schemas.modelRequestSchema);
        sendJson(exchange, await port.addModel({ directory, name }), 201);
      },
    },
  ];
  return rows.map((row) => guarded(row, key));
}

/** The one place where the key is asked for, so that no row can be without. */
export function guarded(row: Route, key: AdminKey): Route {
  return {
    ...row,
    security: 'adminKey',
    errors: [...OF_ALL, ...row.errors],
    handle: (exchange) => {
      exchange.res.setHeader('Cache-Control', 'no-store');
      key.check(exchange.req);
      if (row.errors.includes('draining') && row.method !== 'get' && exchange.isClosing()) {
        throw errors.draining(RETRY_AFTER_MS);
      }
      return row.handle(exchange);
    },
  };
}

/** Relative to the path asked for, which may end in a slash, so that it also holds behind a proxy with a prefix. */
function accept(exchange: Exchange, build: BuildView): void {
  const [path = ''] = exchange.req.url.split('?');
  const depth = path.split('/').length - 3;
  exchange.res.setHeader('Location', `${'../'.repeat(depth)}builds/${build.id}`);
  sendJson(exchange, schemas.toWireBuild(build), 202);
}

/** What cannot be one is not asked for. */
function buildId(exchange: Exchange): string {
  const id = pathParameter(exchange, 'id');
  if (BUILD_ID.test(id)) return id;
  throw errors.notFound('There is no build of that id.');
}
