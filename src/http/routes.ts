import { adminRoutes, type AdminOptions } from './admin-routes.js';
import { sendJson } from './exchange.js';
import { nerRoutes } from './ner-routes.js';
import { openApiOf } from './openapi.js';
import { statusRoutes } from './status-routes.js';
import type { NerRouteOptions } from './ner-route.js';
import type { Route } from './route.js';

export interface RoutesOptions extends NerRouteOptions {
  /** Without it there is no admin API. */
  readonly admin?: AdminOptions | undefined;
  /** Aborts when the server is to close: answers that go on until their caller leaves must end. */
  readonly closing?: AbortSignal | undefined;
}

/** Every route of the gateway: each table of rows is joined here. */
export function routesOf(options: RoutesOptions): readonly Route[] {
  const { admin, closing, now, config } = options;
  const { maxBodyBytes } = config.limits;
  const routes: Route[] = [
    ...nerRoutes(options),
    ...statusRoutes(options),
    ...(admin === undefined ? [] : adminRoutes({ admin, maxBodyBytes, closing, now })),
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
