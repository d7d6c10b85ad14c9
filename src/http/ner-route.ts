import { errors, GatewayError } from '../errors.js';
import { sendJson } from './exchange.js';
import { ClientGone, readJson } from './json-body.js';
import { serverTiming, toWireOutcome, toWireResult } from './ner-answer.js';
import { nerRequestSchema, parseNerBody } from './ner-schema.js';
import { budgetOf, cascadeRule } from './tier.js';
import type { NerOutcome, NerRequest, NerResult } from '../gateway/ner-request.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Exchange } from './exchange.js';
import type { GatewayPort } from './gateway-port.js';
import type { NerRequestBody, NerRequestSchema, WireConfig } from './ner-schema.js';

export interface NerRouteOptions {
  readonly gateway: GatewayPort;
  readonly config: WireConfig;
  readonly metrics: Metrics;
  readonly now: () => number;
}

const BUDGET_HEADER = 'X-Latency-Budget-Ms';
const NO_CACHE = /(?:^|[\s,])no-cache(?:$|[\s,=])/i;

/** `POST /ner`: body to request, outcomes to answer. */
export class NerRoute {
  readonly schema: NerRequestSchema;
  readonly #options: NerRouteOptions;

  constructor(options: NerRouteOptions) {
    this.#options = options;
    this.schema = nerRequestSchema(options.config);
  }

  readonly handle = async (exchange: Exchange): Promise<void> => {
    const { gateway, config, metrics, now } = this.#options;
    const body = parseNerBody(
      this.schema,
      await readJson(exchange.req, config.limits.maxBodyBytes),
    );
    const request = this.#toRequest(exchange, body);
    try {
      const outcomes = await gateway.handle(request);
      exchange.variant = variantLabel(outcomes);
      answer(exchange, request, outcomes);
    } finally {
      const { variant, arrivalAt } = exchange;
      metrics.requestDuration.observe({ variant, tier: request.tier }, (now() - arrivalAt) / 1000);
    }
  };

  #toRequest({ req, res, requestId, arrivalAt }: Exchange, body: NerRequestBody): NerRequest {
    const gone = new AbortController();
    res.once('close', () => {
      if (!res.writableEnded) gone.abort(new ClientGone());
    });
    return {
      requestId,
      arrivalAt,
      texts: body.texts ?? [body.text!],
      batched: body.texts !== undefined,
      ...this.#budget(body, req.headers[BUDGET_HEADER.toLowerCase()]),
      onMiss: body.on_miss,
      criticality: body.criticality,
      minF1: body.min_f1,
      variant: body.variant,
      experimentKey: body.experiment_key,
      labels: body.labels,
      threshold: body.threshold,
      aggregation: body.aggregation,
      offsetUnit: body.offset_unit,
      overflow: body.overflow,
      noCache: NO_CACHE.test(req.headers['cache-control'] ?? ''),
      signal: gone.signal,
    };
  }

  /** The body counts first, then the header, then the default tier, which may name a policy too. */
  #budget(
    body: NerRequestBody,
    header: string | string[] | undefined,
  ): Pick<NerRequest, 'budgetMs' | 'tier' | 'cascade'> {
    const { config } = this.#options;
    const { latency_budget_ms: budgetMs, tier } = body;
    const cascade = (name?: string) =>
      cascadeRule(body, name ? config.tiers[name] : undefined, config);
    if (budgetMs !== undefined) return { budgetMs, tier: 'custom', cascade: cascade() };
    if (tier === undefined && header !== undefined) {
      const fromHeader = budgetFromHeader(String(header), config.limits.maxBudgetMs);
      return { budgetMs: fromHeader, tier: 'custom', cascade: cascade() };
    }
    const name = tier ?? config.defaultTier;
    return { budgetMs: budgetOf(config.tiers[name]!), tier: name, cascade: cascade(name) };
  }
}

function budgetFromHeader(text: string, maxBudgetMs: number): number {
  const budgetMs = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : NaN;
  if (budgetMs > 0 && budgetMs <= maxBudgetMs) return budgetMs;
  throw errors.validationFailed([
    { pointer: BUDGET_HEADER, detail: `expected a number over 0 and up to ${maxBudgetMs}` },
  ]);
}

/** A text alone that fails is a failure of the request; one of several fails in its place. */
function answer(exchange: Exchange, request: NerRequest, outcomes: readonly NerOutcome[]): void {
  const { res, requestId, variant } = exchange;
  const [first] = outcomes;
  if (first === undefined) throw new Error(`no outcome for ${requestId}; this is a bug`);
  if (request.batched) {
    if (variant !== 'none') res.setHeader('X-Variant', answered(outcomes).join(', '));
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

/** The variants that answered, each once. */
function answered(outcomes: readonly NerOutcome[]): string[] {
  const results = outcomes.filter((each): each is NerResult => !(each instanceof GatewayError));
  return [...new Set(results.map(({ variant }) => variant))];
}

function variantLabel(outcomes: readonly NerOutcome[]): string {
  const [first = 'none', ...others] = answered(outcomes);
  return others.length === 0 ? first : 'several';
}
