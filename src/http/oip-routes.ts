import { errors, type ErrorCode } from '../errors.js';
import { ROUTED } from '../names.js';
import { send, sendJson } from './exchange.js';
import { readBody } from './json-body.js';
import { variantsOf, type NerCall } from './ner-call.js';
import { NER_ERRORS, NER_HEADERS } from './ner-routes.js';
import { inferAnswerOf, InferenceReader } from './oip-infer.js';
import * as schemas from './oip-schema.js';
import { HEADER_LENGTH } from './oip-tensors.js';
import { pathParameter, type Route } from './route.js';
import { checkServing, namedVariant } from './serving-variants.js';
import { SERVER_VERSION } from './server-version.js';
import type { WireConfig } from './ner-schema.js';
import type { Exchange } from './exchange.js';
import type { GatewayPort } from './gateway-port.js';

export interface OipOptions {
  readonly call: NerCall;
  readonly gateway: GatewayPort;
  readonly config: WireConfig;
}

const NOT_SERVING: readonly ErrorCode[] = ['not_ready', 'draining'];
const NAME = 'Of a variant; auto: the router chooses.';
const SERVER = {
  name: 'entier',
  version: SERVER_VERSION,
  extensions: ['binary_tensor_data', 'model_repository', 'schedule_policy', 'parameters'],
};

/** The Open Inference Protocol v2, as clients of KServe and Triton speak it: every variant is a model. */
export function oipRoutes({ call, gateway, config }: OipOptions): Route[] {
  const { limits } = config;
  const reader = new InferenceReader(call.schema, limits);

  const infer = async (exchange: Exchange): Promise<void> => {
    const name = modelName(exchange);
    const { headers } = exchange.req;
    // Triton does not look at Content-Type, so clients name what they like: nothing, text/plain, a form.
    const bytes = await readBody(exchange.req, { maxBytes: limits.maxBodyBytes });
    const inference = reader.read({
      bytes,
      headerLength: headers[HEADER_LENGTH.toLowerCase()] as string | undefined,
      variant: namedVariant(name, gateway),
    });
    const answered = await call.ask(exchange, inference.body);
    const { body, jsonBytes } = inferAnswerOf(inference, answered, name);
    exchange.res.setHeader('X-Variant', variantsOf(answered.outcomes).join(', '));
    if (jsonBytes !== undefined) exchange.res.setHeader(HEADER_LENGTH, jsonBytes);
    const type = jsonBytes === undefined ? 'application/json' : 'application/octet-stream';
    send(exchange, body, { type });
  };
  const ofServer: Omit<Route, 'foreign'>[] = [
    {
      method: 'get',
      path: '/v2',
      summary: 'Open Inference Protocol v2: the server and its extensions.',
      response: schemas.serverSchema,
      errors: [],
      handle: (exchange) => sendJson(exchange, SERVER),
    },
    {
      method: 'get',
      path: '/v2/health/live',
      summary: 'Open Inference Protocol v2: whether the process answers.',
      response: schemas.liveSchema,
      errors: [],
      handle: (exchange) => sendJson(exchange, { live: true }),
    },
    {
      method: 'get',
      path: '/v2/health/ready',
      summary: 'Open Inference Protocol v2: whether requests are served.',
      response: schemas.readySchema,
      errors: NOT_SERVING,
      handle: (exchange) => {
        checkServing(gateway);
        sendJson(exchange, { ready: true });
      },
    },
  ];
  const ofModel = (path: string, parameters: Record<string, string>): Omit<Route, 'foreign'>[] => [
    {
      method: 'get',
      path,
      summary: 'Open Inference Protocol v2: what a model takes and gives.',
      parameters,
      response: schemas.modelSchema,
      errors: ['not_found', 'unknown_variant'],
      handle: (exchange) => sendJson(exchange, modelOf(knownName(exchange, gateway))),
    },
    {
      method: 'get',
      path: `${path}/ready`,
      summary: 'Open Inference Protocol v2: whether a model serves.',
      parameters,
      response: schemas.modelReadySchema,
      errors: ['not_found', 'unknown_variant', ...NOT_SERVING],
      handle: (exchange) => {
        const name = knownName(exchange, gateway);
        checkServing(gateway, name);
        sendJson(exchange, { name, ready: true });
      },
    },
    {
      method: 'post',
      path: `${path}/infer`,
      summary: 'Open Inference Protocol v2: the named entities of texts.',
      parameters,
      headers: [
        ...NER_HEADERS,
        {
          name: HEADER_LENGTH,
          description: 'Bytes of the JSON, where tensors follow it.',
          schema: { type: 'integer' },
        },
      ],
      request: [reader.schema, 'application/octet-stream'],
      response: [schemas.inferAnswerSchema, 'application/octet-stream'],
      errors: ['not_found', ...NER_ERRORS],
      handle: infer,
    },
  ];
  const rows = [
    ...ofServer,
    ...ofModel('/v2/models/{name}', { name: NAME }),
    ...ofModel('/v2/models/{name}/versions/{version}', { name: NAME, version: 'Always 1.' }),
  ];
  return rows.map((row) => ({ ...row, foreign: true }));
}

function modelOf(name: string) {
  const tensor = (of: string) => ({ name: of, datatype: 'BYTES', shape: [-1] });
  return {
    name,
    versions: [schemas.MODEL_VERSION],
    platform: 'onnxruntime_onnx',
    inputs: [tensor(schemas.INPUT)],
    outputs: schemas.OUTPUTS.map(tensor),
  };
}

/** The model's name as the path has it. Throws not_found for a version that there is not. */
function modelName(exchange: Exchange): string {
  const { version = schemas.MODEL_VERSION } = exchange.req.params as { version?: string };
  if (version === schemas.MODEL_VERSION) return pathParameter(exchange, 'name');
  throw errors.notFound(`There is version ${schemas.MODEL_VERSION} of each model, and no other.`);
}

/** Throws unknown_variant for a name that no variant has, whether it serves or not. */
function knownName(exchange: Exchange, gateway: GatewayPort): string {
  const name = modelName(exchange);
  const names = [ROUTED, ...gateway.variants().map((variant) => variant.name)];
  if (names.includes(name)) return name;
  throw errors.unknownVariant(names);
}
