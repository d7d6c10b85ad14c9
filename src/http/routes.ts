import { AdminKey } from './admin-key.js';
import { adminRoutes, type AdminOptions } from './admin-routes.js';
import { sendJson } from './exchange.js';
import { huggingFaceRow } from './hugging-face-route.js';
import { NerCall, type NerCallOptions } from './ner-call.js';
import { nerRoutes } from './ner-routes.js';
import { repositoryRoutes } from './oip-repository.js';
import { oipRoutes } from './oip-routes.js';
import { openApiOf } from './openapi.js';
import { statusRoutes } from './status-routes.js';
import { streamRow } from './stream-route.js';
import type { Route } from './route.js';

export interface RoutesOptions extends NerCallOptions {
  /** Without it there is no admin API. */
  readonly admin?: AdminOptions | undefined;
  /** Aborts when the server is to close: answers that go on until their caller leaves must end. */
  readonly closing?: AbortSignal | undefined;
  /** After as long a time in which a caller of a stream neither sends nor reads it ends; a minute where absent. */
  readonly streamIdleMs?: number | undefined;
}

/** Every route of the gateway: each table of rows is joined here. */
export function routesOf(options: RoutesOptions): readonly Route[] {
  const { admin, closing, now, config, gateway, metrics, streamIdleMs } = options;
  const { limits } = config;
  const { maxBodyBytes, maxStreams } = limits;
  const call = new NerCall(options);
  // One for all, so that wrong keys are counted together.
  const guard = admin && { admin, key: new AdminKey(admin.key, now) };
  const routes: Route[] = [
    ...nerRoutes(call, limits),
    streamRow({
      call,
      gateway,
      metrics,
      maxLineBytes: maxBodyBytes,
      maxStreams,
      closing,
      idleMs: streamIdleMs,
      now,
    }),
    ...statusRoutes(options),
    huggingFaceRow({ call, gateway, limits, now }),
    ...oipRoutes({ call, gateway, config }),
    ...repositoryRoutes({ gateway, maxBodyBytes, guard }),
    ...(guard === undefined ? [] : adminRoutes({ ...guard, maxBodyBytes, closing })),
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
