import { GatewayError } from '../errors.js';
import { sendJson } from './exchange.js';
import { readJson } from './json-body.js';
import { serverTiming, toWireOutcome, toWireResult } from './ner-answer.js';
import { variantsOf, type Answered, type NerCall } from './ner-call.js';
import { parseNerBody } from './ner-schema.js';
import type { Exchange } from './exchange.js';

/** `POST /ner`: body to request, outcomes to answer. */
export function nerRoute(
  call: NerCall,
  { maxBodyBytes }: { maxBodyBytes: number },
): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    const body = parseNerBody(call.schema, await readJson(exchange.req, maxBodyBytes));
    answer(exchange, await call.ask(exchange, body));
  };
}

/** A text alone that fails is a failure of the request; one of several fails in its place. */
function answer(exchange: Exchange, { request, outcomes }: Answered): void {
  const { res, requestId, variant } = exchange;
  const [first] = outcomes;
  if (first === undefined) throw new Error(`no outcome for ${requestId}; this is a bug`);
  if (request.batched) {
    if (variant !== 'none') res.setHeader('X-Variant', variantsOf(outcomes).join(', '));
    sendJson(exchange, {
      results: outcomes.map((outcome) => toWireOutcome(outcome, request)),
      offset_unit: request.offsetUnit,
    });
    return;
  }
  if (first instanceof GatewayError) throw first;
  res.setHeader('X-Variant', variant);
  res.setHeader('Server-Timing', serverTiming(first));
  sendJson(exchange, { ...toWireResult(first, request), offset_unit: request.offsetUnit });
}
