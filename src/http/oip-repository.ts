import { guarded } from './admin-routes.js';
import type { ErrorCode } from '../errors.js';
import { sendJson } from './exchange.js';
import { parseJson, readBody } from './json-body.js';
import * as schemas from './oip-schema.js';
import { parseBody } from './parse-body.js';
import { variantParameter } from './variant-parameter.js';
import type { Route } from './route.js';
import type { z } from 'zod';
import type { AdminKey } from './admin-key.js';
import type { AdminPort } from './admin-port.js';
import type { Exchange } from './exchange.js';
import type { GatewayPort, VariantFacts } from './gateway-port.js';

export interface RepositoryOptions {
  readonly gateway: GatewayPort;
  readonly maxBodyBytes: number;
  /** Without it nothing can be loaded or unloaded. */
  readonly guard:
    { readonly admin: { readonly port: AdminPort }; readonly key: AdminKey } | undefined;
}

const OF_BODY: readonly ErrorCode[] = [
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
  'validation_failed',
];
const OF_CHANGE: readonly ErrorCode[] = [...OF_BODY, 'not_found', 'conflict', 'draining'];
const NAME = { name: 'Of the variant.' };

/** The model repository extension of the Open Inference Protocol: which models there are, loading and unloading. */
export function repositoryRoutes(options: RepositoryOptions): Route[] {
  const { gateway, maxBodyBytes, guard } = options;
  const read = async <Schema extends z.ZodType>({ req }: Exchange, schema: Schema) => {
    const bytes = await readBody(req, { maxBytes: maxBodyBytes });
    return parseBody(schema, bytes.length === 0 ? {} : parseJson(bytes));
  };
  const index: Route = {
    method: 'post',
    path: '/v2/repository/index',
    summary: 'Open Inference Protocol v2: the models and their states.',
    request: schemas.indexRequestSchema,
    optionalBody: true,
    response: schemas.indexSchema,
    errors: OF_BODY,
    handle: async (exchange) => {
      const { ready = false } = await read(exchange, schemas.indexRequestSchema);
      const models = gateway.variants().map(indexed);
      sendJson(exchange, ready ? models.filter(({ state }) => state === 'READY') : models);
    },
  };
  const changes = guard === undefined ? [] : changesBy(guard, read);
  return [index, ...changes].map((row) => ({ ...row, foreign: true }));
}

type Read = <Schema extends z.ZodType>(
  exchange: Exchange,
  schema: Schema,
) => Promise<z.output<Schema>>;

function changesBy(
  { admin: { port }, key }: NonNullable<RepositoryOptions['guard']>,
  read: Read,
): Route[] {
  const rows: Route[] = [
    {
      method: 'post',
      path: '/v2/repository/models/{name}/load',
      summary: 'Open Inference Protocol v2: lets a variant serve, loading it where need be.',
      parameters: NAME,
      request: schemas.loadRequestSchema,
      optionalBody: true,
      response: schemas.loadSchema,
      errors: OF_CHANGE,
      handle: async (exchange) => {
        await read(exchange, schemas.loadRequestSchema);
        const name = variantParameter(exchange);
        await port.activate(name);
        sendJson(exchange, { name, load: true });
      },
    },
    {
      method: 'post',
      path: '/v2/repository/models/{name}/unload',
      summary: 'Open Inference Protocol v2: takes a variant out of service and out of memory.',
      parameters: NAME,
      request: schemas.unloadRequestSchema,
      optionalBody: true,
      response: schemas.unloadSchema,
      errors: OF_CHANGE,
      handle: async (exchange) => {
        await read(exchange, schemas.unloadRequestSchema);
        const name = variantParameter(exchange);
        await port.retire(name);
        sendJson(exchange, { name, unload: true });
      },
    },
  ];
  return rows.map((row) => guarded(row, key));
}

const STATES: Readonly<Record<VariantFacts['state'], 'READY' | 'LOADING' | 'UNAVAILABLE'>> = {
  requested: 'LOADING',
  building: 'LOADING',
  gated: 'LOADING',
  loading: 'LOADING',
  warm: 'UNAVAILABLE',
  active: 'READY',
  retired: 'UNAVAILABLE',
  failed: 'UNAVAILABLE',
};

function indexed({ name, state, detail }: VariantFacts) {
  const reason = detail ?? (state === 'active' ? '' : state);
  return { name, version: schemas.MODEL_VERSION, state: STATES[state], reason };
}
