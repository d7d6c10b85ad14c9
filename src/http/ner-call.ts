import { errors, GatewayError } from '../errors.js';
import { ClientGone } from './json-body.js';
import { nerRequestSchema } from './ner-schema.js';
import { budgetOf, cascadeRule } from './tier.js';
import type { NerOutcome, NerRequest, NerResult } from '../gateway/ner-request.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Exchange } from './exchange.js';
import type { GatewayPort } from './gateway-port.js';
import type { NerRequestBody, NerRequestSchema, WireConfig } from './ner-schema.js';

export interface NerCallOptions {
  readonly gateway: GatewayPort;
  readonly config: WireConfig;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** What differs from what the HTTP request as a whole says. */
export interface NerCallTerms {
  /** Of this text among those of one HTTP request: without a key it is the unit that experiments assign. */
  readonly requestId?: string;
  /** When the texts came, on the gateway's clock; absent: with the request. */
  readonly arrivalAt?: number;
  /** Aborted when nobody waits for the answer; absent: when the caller hangs up. */
  readonly signal?: AbortSignal;
  /** Past the result cache, whatever Cache-Control says. */
  readonly noCache?: boolean;
}

export interface Answered {
  readonly request: NerRequest;
  readonly outcomes: readonly NerOutcome[];
}

const BUDGET_HEADER = 'X-Latency-Budget-Ms';
const NO_CACHE = /(?:^|[\s,])no-cache(?:$|[\s,=])/i;

/** From a body of `POST /ner` to the gateway's answer. Every shape of request becomes such a body first. */
export class NerCall {
  readonly schema: NerRequestSchema;
  readonly #options: NerCallOptions;

  constructor(options: NerCallOptions) {
    this.#options = options;
    this.schema = nerRequestSchema(options.config);
  }

  /** Rejects as the gateway does. The time it took is measured either way. */
  async ask(exchange: Exchange, body: NerRequestBody, terms: NerCallTerms = {}): Promise<Answered> {
    const { gateway, metrics, now } = this.#options;
    const request = this.toRequest(exchange, body, terms);
    let variant = 'none';
    try {
      const outcomes = await gateway.handle(request);
      variant = variantLabel(outcomes);
      const isFirst = exchange.variant === 'none' || exchange.variant === variant;
      exchange.variant = isFirst ? variant : 'several';
      return { request, outcomes };
    } finally {
      const seconds = (now() - request.arrivalAt) / 1000;
      metrics.requestDuration.observe({ variant, tier: request.tier }, seconds);
    }
  }

  /** The gateway's request. Throws validation_failed for what only a header says. */
  toRequest(exchange: Exchange, body: NerRequestBody, terms: NerCallTerms = {}): NerRequest {
    const { headers } = exchange.req;
    return {
      requestId: terms.requestId ?? exchange.requestId,
      arrivalAt: terms.arrivalAt ?? exchange.arrivalAt,
      texts: body.texts ?? [body.text!],
      batched: body.texts !== undefined,
      ...this.#budget(body, headers[BUDGET_HEADER.toLowerCase()]),
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
      noCache: terms.noCache ?? NO_CACHE.test(headers['cache-control'] ?? ''),
      signal: terms.signal ?? goneSignal(exchange),
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

/** Aborts when the caller hangs up before the answer is written. */
export function goneSignal({ res }: Exchange): AbortSignal {
  const gone = new AbortController();
  res.once('close', () => {
    if (!res.writableEnded) gone.abort(new ClientGone());
  });
  return gone.signal;
}

function budgetFromHeader(text: string, maxBudgetMs: number): number {
  const budgetMs = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : NaN;
  if (budgetMs > 0 && budgetMs <= maxBudgetMs) return budgetMs;
  throw errors.validationFailed([
    { pointer: BUDGET_HEADER, detail: `expected a number over 0 and up to ${maxBudgetMs}` },
  ]);
}

/** The variants that answered, each once. */
export function variantsOf(outcomes: readonly NerOutcome[]): string[] {
  const results = outcomes.filter((each): each is NerResult => !(each instanceof GatewayError));
  return [...new Set(results.map(({ variant }) => variant))];
}

function variantLabel(outcomes: readonly NerOutcome[]): string {
  const [first = 'none', ...others] = variantsOf(outcomes);
  return others.length === 0 ? first : 'several';
}
