import { errors, GatewayError } from '../errors.js';
import { parseJson } from './json-body.js';
import { toWireResult } from './ner-answer.js';
import { parseNerBody, type NerRequestBody, type NerRequestSchema } from './ner-schema.js';
import {
  inferRequestSchema,
  INPUT,
  MODEL_VERSION,
  OUTPUTS,
  type InferLimits,
  type InferRequest,
  type OutputName,
} from './oip-schema.js';
import { decodeTexts, encodeTexts, splitBody } from './oip-tensors.js';
import { parseBody } from './parse-body.js';
import type { NerRequest, NerResult } from '../gateway/ner-request.js';
import type { Answered } from './ner-call.js';

/** What an inference request asks for, and how its answer is to look. */
export interface Inference {
  readonly body: NerRequestBody;
  readonly id: string | undefined;
  readonly shape: readonly number[];
  readonly outputs: readonly { readonly name: OutputName; readonly binary: boolean }[];
}

export interface InferBody {
  readonly bytes: Buffer;
  /** The header `Inference-Header-Content-Length`. */
  readonly headerLength: string | undefined;
  /** The model, unless the router is to choose. */
  readonly variant: string | undefined;
}

const ALL = OUTPUTS.map((name) => ({ name, parameters: { binary_data: undefined } }));

/** Reads inference requests of the Open Inference Protocol v2, JSON or with binary tensors. */
export class InferenceReader {
  readonly schema: ReturnType<typeof inferRequestSchema>;
  readonly #ner: NerRequestSchema;

  constructor(ner: NerRequestSchema, limits: InferLimits) {
    this.#ner = ner;
    this.schema = inferRequestSchema(ner, limits);
  }

  /** Throws invalid_request where bytes do not fit each other, validation_failed where a field is wrong. */
  read({ bytes, headerLength, variant }: InferBody): Inference {
    const { json, binary } = splitBody(bytes, headerLength);
    const request = parseBody(this.schema, parseJson(json, 'The JSON part of the body'));
    const [input] = request.inputs;
    if (input === undefined) throw new Error('the schema lets no request without input in');
    const { everyBinary, fields } = termsOf(request.parameters);
    const { outputs = [] } = request;
    const wanted = outputs.length > 0 ? outputs : ALL;
    return {
      body: parseNerBody(this.#ner, { ...fields, texts: textsOf(input, binary), variant }),
      id: request.id,
      shape: input.shape,
      outputs: wanted.map(({ name, parameters }) => ({
        name,
        binary: parameters.binary_data ?? everyBinary,
      })),
    };
  }
}

/** The fields of `POST /ner` that the parameters stand for. */
function termsOf(parameters: InferRequest['parameters']): {
  everyBinary: boolean;
  fields: Record<string, unknown>;
} {
  const { timeout = 0, priority = 0, labels, criticality, ...others } = parameters;
  const { binary_data_output: everyBinary = false, ...fields } = others;
  if (timeout > 0 && fields.latency_budget_ms !== undefined) {
    throw wrong('/parameters/timeout', 'give timeout or latency_budget_ms, not both');
  }
  if (priority > 0 && criticality !== undefined) {
    throw wrong('/parameters/priority', 'give priority or criticality, not both');
  }
  return {
    everyBinary,
    fields: {
      ...fields,
      ...(timeout > 0 && { latency_budget_ms: timeout / 1000 }),
      criticality: criticality ?? criticalityOf(priority),
      labels: typeof labels === 'string' ? labels.split(',').map((label) => label.trim()) : labels,
    },
  };
}

/** Triton's levels: 1 comes first, 0 is the default one, which is the one in the middle here. */
function criticalityOf(priority: number): 'critical' | 'default' | 'sheddable' {
  if (priority === 1) return 'critical';
  return priority > 2 ? 'sheddable' : 'default';
}

function textsOf(
  { shape, data, parameters }: InferRequest['inputs'][number],
  binary: Buffer,
): readonly string[] {
  const [count] = shape;
  const sizeBytes = parameters.binary_data_size;
  const pointer = '/inputs/0';
  if (sizeBytes === undefined) {
    if (data === undefined) throw wrong(`${pointer}/data`, `give the texts of ${INPUT}`);
    if (binary.length > 0) {
      throw errors.invalidRequest(
        `${binary.length} bytes follow the JSON, and no input says that they are its own.`,
      );
    }
    const texts = data.flat();
    if (texts.length === count) return texts;
    throw wrong(`${pointer}/data`, `it has ${texts.length} elements, and its shape ${count}`);
  }
  if (data !== undefined) throw wrong(`${pointer}/data`, 'give data or binary_data_size, not both');
  if (binary.length !== sizeBytes) {
    throw errors.invalidRequest(
      `binary_data_size says ${sizeBytes} bytes, and ${binary.length} follow the JSON.`,
    );
  }
  return decodeTexts(binary, count);
}

function wrong(pointer: string, detail: string): GatewayError {
  return errors.validationFailed([{ pointer, detail }]);
}

/** The bytes of an answer, and how many of them are JSON where others follow. */
export interface InferAnswer {
  readonly body: Buffer;
  readonly jsonBytes: number | undefined;
}

/** Throws the error of a text that could not be served: the protocol has no place for one among several. */
export function inferAnswerOf(
  { id, shape, outputs }: Inference,
  { request, outcomes }: Answered,
  modelName: string,
): InferAnswer {
  const results = outcomes.map((outcome) => {
    if (outcome instanceof GatewayError) throw outcome;
    return outcome;
  });
  const binaries: Buffer[] = [];
  const tensors = outputs.map(({ name, binary }) => {
    const elements = results.map((result) => elementOf(name, result, request));
    const head = { name, datatype: 'BYTES', shape };
    if (!binary) return { ...head, data: elements };
    const bytes = encodeTexts(elements);
    binaries.push(bytes);
    return { ...head, parameters: { binary_data_size: bytes.length } };
  });
  const answer = { id, model_name: modelName, model_version: MODEL_VERSION, outputs: tensors };
  const json = Buffer.from(JSON.stringify(answer));
  if (binaries.length === 0) return { body: json, jsonBytes: undefined };
  return { body: Buffer.concat([json, ...binaries]), jsonBytes: json.length };
}

function elementOf(name: OutputName, result: NerResult, request: NerRequest): string {
  if (name === 'entities') return JSON.stringify(toWireResult(result, request).entities);
  return result[name];
}
