import { createServer } from 'node:http';
import { Router } from 'express';
import { errors } from '../errors.js';
import { requestIdOf } from './exchange.js';
import { answerFailure } from './failure.js';
import { foreignPaths, routerPath } from './route.js';
import { routesOf, type RoutesOptions } from './routes.js';
import { answerUnreadable } from './unreadable.js';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Exchange } from './exchange.js';
import type { Route } from './route.js';

export interface HttpOptions extends RoutesOptions {
  readonly logger: Logger;
  readonly timeouts?: Partial<Timeouts>;
}

export interface Timeouts {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly checkEveryMs: number;
}

/** A request that is not here after this long is a stalled or hostile caller, not a slow one: bodies are small. */
const TIMEOUTS: Timeouts = { headersMs: 5_000, requestMs: 15_000, checkEveryMs: 1_000 };
/** Longer than the 60 s of common load balancers, so that the balancer closes an idle connection and not we. */
const KEEP_ALIVE_MS = 72_000;
/** What a caller who hung up would have got, by nginx's convention; seen in the metrics only. */
const CLIENT_CLOSED = 499;
const UNMATCHED = 'unmatched';
const ADMIN_PATH = /^\/(?:admin|v2\/repository\/models)(?:[/?]|$)/i;
const NO_ADMIN =
  'There is no admin API, because the gateway was started without a key: set ENTIER_ADMIN_KEY.';
const BAD_PATH = 'The path has percent signs that encode no UTF-8.';

/**
 * The HTTP side of the gateway; does not listen yet. Of Express only the router is used: an application changes the
 * prototypes of every request and response, which costs a third of the work of a small route (docs/decisions.md).
 */
export function createHttpServer(options: HttpOptions): Server {
  const router = Router();
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const server = createServer(
    {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: timeouts.checkEveryMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (req, res) => {
      // Handlers see what Node.js gives; the types are those that the router asks for.
      const [request, response] = [req as Request, res as Response];
      router(request, response, (error: unknown) => {
        // Only what the router itself throws gets here, which is a parameter in the path that cannot be decoded.
        const exchange = exchangeOf(request, response, registration);
        const failure = error instanceof URIError ? errors.invalidRequest(BAD_PATH) : error;
        count(exchange, UNMATCHED, options.metrics);
        const { logger } = options;
        answerFailure(failure, exchange, {
          route: UNMATCHED,
          logger,
          foreign: isForeign(req.url!),
        });
      });
    },
  );
  const unhurried = new WeakSet<Duplex>();
  const registration = { ...options, isClosing: () => !server.listening, unhurried };
  const routes = routesOf(options);
  const isForeign = foreignPaths(routes);
  register(router, routes, registration);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Node tells of such a request once and then watches it no more.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && unhurried.has(socket)) return;
    const code = answerUnreadable(error, socket);
    if (code !== undefined)
      options.metrics.requests.inc({ route: UNMATCHED, variant: 'none', code });
  });
  return server;
}

interface Registration extends HttpOptions {
  readonly isClosing: () => boolean;
  /** Connections whose request may take longer than `requestMs`. */
  readonly unhurried: WeakSet<Duplex>;
}

function register(router: Router, table: readonly Route[], options: Registration): void {
  const byPath = new Map<string, Route[]>();
  for (const route of table) {
    byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);
  }
  for (const [path, routes] of byPath) {
    const pattern = routerPath({ path });
    for (const route of routes) router[route.method](pattern, handlerOf(route, options));
  }
  // After all routes, since one path may be another's with a parameter, for other methods.
  for (const [path, routes] of byPath) {
    const methods = routes.flatMap(({ method }) =>
      method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
    );
    const refuse = () => {
      throw errors.methodNotAllowed(methods);
    };
    const foreign = routes.some((route) => route.foreign);
    router.all(routerPath({ path }), handlerOf({ path, handle: refuse, foreign }, options));
  }
  const nothing = ({ req }: Exchange) => {
    const needsKey = options.admin === undefined && ADMIN_PATH.test(req.url);
    throw errors.notFound(needsKey ? NO_ADMIN : undefined);
  };
  const isForeign = foreignPaths(table);
  const [ours, others] = [false, true].map((foreign) =>
    handlerOf({ path: UNMATCHED, handle: nothing, foreign }, options),
  );
  router.use((req, res, next) => (isForeign(req.url) ? others : ours)!(req, res, next));
}

/** The one wrapper of all routes: request id, metrics, and the one place where a failure becomes an answer. */
function handlerOf(
  { path, handle, foreign = false }: Pick<Route, 'path' | 'handle' | 'foreign'>,
  options: Registration,
): RequestHandler {
  const { metrics, logger } = options;
  return async (req: Request, res: Response) => {
    const exchange = exchangeOf(req, res, options);
    count(exchange, path, metrics);
    try {
      await handle(exchange);
    } catch (error) {
      answerFailure(error, exchange, { route: path, logger, foreign });
    }
  };
}

/** Counts the request when it is over. */
function count(exchange: Exchange, route: string, metrics: Metrics): void {
  const { res } = exchange;
  res.once('close', () => {
    const code = res.writableEnded ? res.statusCode : CLIENT_CLOSED;
    metrics.requests.inc({ route, variant: exchange.variant, code });
  });
}

function exchangeOf(req: Request, res: Response, registration: Registration): Exchange {
  const { now, isClosing, unhurried } = registration;
  const requestId = requestIdOf(req);
  res.setHeader('X-Request-Id', requestId);
  return {
    req,
    res,
    requestId,
    arrivalAt: now(),
    isClosing,
    unhurried: () => {
      unhurried.add(req.socket);
      res.once('close', () => unhurried.delete(req.socket));
    },
    variant: 'none',
  };
}
