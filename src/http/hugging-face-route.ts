import { z } from 'zod';
import { GatewayError } from '../errors.js';
import { sendJson } from './exchange.js';
import { readJson } from './json-body.js';
import { serverTiming } from './ner-answer.js';
import { variantsOf, type Answered, type NerCall } from './ner-call.js';
import { parseNerBody, wellFormed } from './ner-schema.js';
import { parseBody } from './parse-body.js';
import { NER_ERRORS, NER_HEADERS } from './ner-routes.js';
import { pathParameter, type Route } from './route.js';
import { namedVariant } from './serving-variants.js';
import { whenReady } from './when-ready.js';
import type { NerEntity, NerOutcome, NerResult } from '../gateway/ner-request.js';
import type { Exchange } from './exchange.js';
import type { GatewayPort } from './gateway-port.js';

/** Of tokens that are no entity; the gateway never answers with these. */
const OUTSIDE = 'O';

/** What `POST /models/{variant}` takes: the task token-classification of Hugging Face's Inference API. */
export function huggingFaceRequestSchema({ maxTexts }: { maxTexts: number }) {
  return z.strictObject({
    inputs: z
      .union([wellFormed, z.array(wellFormed).min(1).max(maxTexts)], {
        error: `expected a string, or an array of 1 to ${maxTexts} strings`,
      })
      .describe('A text, or several: then the answer is a list of lists.'),
    parameters: z
      .strictObject({
        aggregation_strategy: z
          .enum(['none', 'simple', 'first', 'average', 'max'])
          .nullish()
          .describe('As in transformers. Absent: the best legal path over the words.'),
        ignore_labels: z
          .array(wellFormed)
          .refine((labels) => labels.includes(OUTSIDE), {
            error: `tokens outside of entities are never answered; put "${OUTSIDE}" into the list`,
          })
          .nullish()
          .describe('Entities with these labels are left out.'),
        stride: z
          .int()
          .min(0)
          .nullish()
          .describe('Accepted: long texts are always cut into windows that overlap.'),
      })
      .nullish(),
    options: z
      .strictObject({
        use_cache: z.boolean().nullish().describe('false goes past the result cache.'),
        wait_for_model: z
          .boolean()
          .nullish()
          .describe('Wait until a variant serves; the latency budget counts from then.'),
      })
      .nullish(),
  });
}

const entity = {
  score: z.number().min(0).max(1),
  word: z.string().describe('What start and end cut out.'),
  start: z.int().min(0).describe('In code points.'),
  end: z.int().min(0).describe('Exclusive.'),
};
const entitiesSchema = z.array(
  z.union([
    z.strictObject({ entity_group: z.string(), ...entity }),
    z.strictObject({
      entity: z.string().describe('With aggregation_strategy none.'),
      index: z.int().min(1).describe('Of the token; 0 is the special one before the text.'),
      ...entity,
    }),
  ]),
);

export const huggingFaceAnswerSchema = z.union([entitiesSchema, z.array(entitiesSchema)]);

export interface HuggingFaceOptions {
  readonly call: NerCall;
  readonly gateway: GatewayPort;
  readonly limits: { readonly maxBodyBytes: number; readonly maxTexts: number };
  readonly now: () => number;
}

/** The row of `POST /models/{variant}`. */
export function huggingFaceRow(options: HuggingFaceOptions): Route {
  return {
    method: 'post',
    path: '/models/{variant}',
    summary: "Named entities in the shape of Hugging Face's Inference API (token-classification).",
    parameters: { variant: 'The variant that is to answer; auto: the router chooses.' },
    headers: NER_HEADERS,
    request: huggingFaceRequestSchema(options.limits),
    response: huggingFaceAnswerSchema,
    errors: NER_ERRORS,
    foreign: true,
    handle: huggingFaceRoute(options),
  };
}

/** A text that cannot be served fails the request: the shape has no place for its error. */
function huggingFaceRoute(options: HuggingFaceOptions): (exchange: Exchange) => Promise<void> {
  const { call, gateway, limits, now } = options;
  const schema = huggingFaceRequestSchema(limits);
  return async (exchange) => {
    const body = parseBody(schema, await readJson(exchange.req, limits.maxBodyBytes));
    const { inputs, parameters, options: wishes } = body;
    const variant = namedVariant(pathParameter(exchange, 'variant'), gateway);
    const request = parseNerBody(call.schema, {
      ...(typeof inputs === 'string' ? { text: inputs } : { texts: inputs }),
      variant,
      ...(parameters?.aggregation_strategy && { aggregation: parameters.aggregation_strategy }),
    });
    const waited = wishes?.wait_for_model === true && (await whenReady(exchange, gateway));
    const answered = await call.ask(exchange, request, {
      ...(waited && { arrivalAt: now() }),
      ...(wishes?.use_cache === false && { noCache: true }),
    });
    answer(exchange, answered, parameters?.ignore_labels ?? [OUTSIDE]);
  };
}

function answer(
  exchange: Exchange,
  { request, outcomes }: Answered,
  ignored: readonly string[],
): void {
  const results = outcomes.map(resultOf);
  exchange.res.setHeader('X-Variant', variantsOf(outcomes).join(', '));
  const [first] = results;
  if (!request.batched && first) exchange.res.setHeader('Server-Timing', serverTiming(first));
  const lists = results.map(({ entities }) =>
    entities.filter(({ label }) => !ignored.includes(label)).map(toWire),
  );
  sendJson(exchange, request.batched ? lists : lists[0]);
}

function resultOf(outcome: NerOutcome): NerResult {
  if (outcome instanceof GatewayError) throw outcome;
  return outcome;
}

function toWire({ label, score, text, start, end, token }: NerEntity) {
  const place = { score: Math.round(score * 1e6) / 1e6, word: text, start, end };
  // One special token comes before those of the text.
  return token === undefined
    ? { entity_group: label, ...place }
    : { entity: label, index: token + 1, ...place };
}
