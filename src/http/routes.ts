import { NerRoute } from './ner-route.js';
import { nerAnswerSchema } from './ner-answer.js';
import { openApiOf } from './openapi.js';
import { sendJson } from './exchange.js';
import * as status from './status-routes.js';
import type { ErrorCode } from '../errors.js';
import type { NerRouteOptions } from './ner-route.js';
import type { Route } from './route.js';

const NER_ERRORS: readonly ErrorCode[] = [
  'invalid_request',
  'unknown_variant',
  'payload_too_large',
  'unsupported_media_type',
  'validation_failed',
  'inference_failed',
  'overloaded',
  'budget_unreachable',
  'not_ready',
  'draining',
  'deadline_exceeded',
];

/** Every route of the gateway. */
export function routesOf(options: NerRouteOptions): readonly Route[] {
  const { gateway, metrics } = options;
  const ner = new NerRoute(options);
  const recognition = {
    method: 'post',
    summary: 'Finds the named entities of a text, or of several, within a latency budget.',
    request: ner.schema,
    response: nerAnswerSchema,
    errors: NER_ERRORS,
    handle: ner.handle,
  } as const;
  const routes: Route[] = [
    { ...recognition, path: '/ner' },
    { ...recognition, path: '/v1/ner' },
    {
      method: 'get',
      path: '/variants',
      summary: 'All variants of the manifest: state, quality, latency profile.',
      response: status.variantsSchema,
      errors: [],
      handle: status.variants(gateway),
    },
    {
      method: 'get',
      path: '/experiments',
      summary: 'The A/B experiments and how their arms do since the start.',
      response: status.experimentsSchema,
      errors: [],
      handle: status.experiments(gateway),
    },
    {
      method: 'get',
      path: '/livez',
      summary: 'Whether the process answers.',
      response: status.liveSchema,
      errors: [],
      handle: status.live,
    },
    {
      method: 'get',
      path: '/readyz',
      summary: 'Whether requests are served, and what is missing.',
      response: status.readinessSchema,
      errors: ['not_ready', 'draining'],
      handle: status.ready(gateway),
    },
    {
      method: 'get',
      path: '/metrics',
      summary: 'Metrics in the text format of Prometheus.',
      response: 'text/plain',
      errors: [],
      handle: status.metricsText(metrics),
    },
  ];
  routes.push({
    method: 'get',
    path: '/openapi.json',
    summary: 'This interface as an OpenAPI 3.1 document.',
    response: 'application/json',
    errors: [],
    handle: (exchange) => sendJson(exchange, document),
  });
  const document = openApiOf(routes);
  return routes;
}
