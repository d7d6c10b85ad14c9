import { send } from './exchange.js';
import { ClientGone } from './json-body.js';
import { errorBodyOf } from './error-body.js';
import { expectedOf, problemHeaders, problemOf, PROBLEM_TYPE } from './problem.js';
import type { GatewayError } from '../errors.js';
import type { Logger } from '../telemetry/logger.js';
import type { Exchange } from './exchange.js';

export interface FailureContext {
  readonly route: string;
  readonly logger: Logger;
  /** The caller speaks a protocol of others, whose errors are no problem documents. */
  readonly foreign: boolean;
}

/** The one place where a failure becomes an answer and a log line. Neither holds anything of the request's body. */
export function answerFailure(error: unknown, exchange: Exchange, context: FailureContext): void {
  if (error instanceof ClientGone) return;
  const { res, requestId } = exchange;
  const failure = expectedOf(error);
  const problem = { ...problemOf(failure), request_id: requestId };
  log(error, failure, { ...context, requestId, status: problem.status });
  if (res.headersSent || res.destroyed) {
    // A stream may have told its caller in its own way.
    if (!res.writableEnded) res.destroy();
    return;
  }
  for (const [name, value] of problemHeaders(failure)) res.setHeader(name, value);
  const [body, type] = context.foreign
    ? [errorBodyOf(problem), 'application/json']
    : [problem, PROBLEM_TYPE];
  send(exchange, JSON.stringify(body), { status: problem.status, type });
}

function log(
  error: unknown,
  failure: GatewayError,
  {
    logger,
    route,
    requestId,
    status,
  }: Pick<FailureContext, 'logger' | 'route'> & { requestId: string; status: number },
): void {
  const facts = { requestId, route, status, code: failure.code };
  // Refusals under load are expected; only what went wrong in the gateway needs a stack.
  if (status === 500) logger.error({ ...facts, err: error }, 'a request failed');
  else logger.info(facts, 'a request was refused');
}
