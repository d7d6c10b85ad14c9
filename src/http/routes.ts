import { sendJson } from './exchange.js';
import { nerRoutes } from './ner-routes.js';
import { openApiOf } from './openapi.js';
import { statusRoutes } from './status-routes.js';
import type { NerRouteOptions } from './ner-route.js';
import type { Route } from './route.js';

/** Every route of the gateway: each table of rows is joined here. */
export function routesOf(options: NerRouteOptions): readonly Route[] {
  const routes: Route[] = [...nerRoutes(options), ...statusRoutes(options)];
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
