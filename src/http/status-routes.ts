import { z } from 'zod';
import { errors } from '../errors.js';
import { send, sendJson } from './exchange.js';
import { problemHeaders, problemOf, PROBLEM_TYPE, statusOf } from './problem.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Exchange } from './exchange.js';
import type {
  CalibrationFacts,
  GatewayPort,
  ReadinessFacts,
  VariantFacts,
} from './gateway-port.js';
import type { Route } from './route.js';

const RETRY_AFTER_MS = 1_000;
const state = z
  .enum(['requested', 'building', 'gated', 'loading', 'warm', 'active', 'retired', 'failed'])
  .describe('active: it serves; warm: loaded only; retired: not loaded.');
const f1 = z.number().min(0).max(1);

export const liveSchema = z.strictObject({ status: z.literal('ok') });

export const readinessSchema = z.strictObject({
  ready: z.boolean(),
  draining: z.boolean(),
  variants: z.array(z.strictObject({ name: z.string(), state, detail: z.string().optional() })),
  execution_provider: z.strictObject({
    requested: z.string(),
    active: z.string(),
    detail: z.string().optional(),
  }),
  worker_layout: z
    .strictObject({
      workers: z.int(),
      threads: z.int(),
      chosen_by: z.enum(['configuration', 'measurement', 'rule']),
    })
    .nullable()
    .describe('Worker processes and the threads of each; null until it is settled.'),
});

export const variantsSchema = z.strictObject({
  variants: z.array(
    z.strictObject({
      name: z.string(),
      state,
      quality: f1.nullable().describe('Entity F1 on the validation split.'),
      quality_source: z.enum(['measured', 'estimated']).nullable(),
      profile: z
        .strictObject({ a: z.number(), b: z.number(), c: z.number() })
        .nullable()
        .describe('Run time of a batch here: a + b * tokens + c * tokens * length, ms.'),
      precision: z.string().nullable(),
      parent: z.string().nullable(),
      provider: z.string().nullable(),
      labels: z.array(z.string()),
      parameters: z.int().nullable(),
      size_bytes: z.int().nullable(),
      sha256: z.string().nullable(),
      calibration: z
        .strictObject({ temperature: z.number(), expected_calibration_error: f1 })
        .nullable()
        .describe('What scores are divided by before softmax; the error of entity scores on test.'),
      description: z.string().nullable(),
      detail: z.string().optional().describe('Why it does not serve.'),
    }),
  ),
});

const latency = z.number().nullable();

export const experimentsSchema = z.strictObject({
  experiments: z.array(
    z.strictObject({
      name: z.string(),
      share: z.number(),
      arms: z.array(
        z.strictObject({
          name: z.string(),
          variant: z.string(),
          weight: z.number(),
          requests: z.int(),
          budgets_met: z.int(),
          latency_ms: z.strictObject({ p50: latency, p90: latency, p99: latency }),
          entities: z.record(z.string(), z.int()),
        }),
      ),
    }),
  ),
});

/** What tells of the gateway and of its variants. */
export function statusRoutes({
  gateway,
  metrics,
}: {
  gateway: GatewayPort;
  metrics: Metrics;
}): Route[] {
  return [
    {
      method: 'get',
      path: '/variants',
      summary: 'All variants of the manifest: state, quality, latency profile.',
      response: variantsSchema,
      errors: [],
      handle: (exchange) => sendJson(exchange, { variants: gateway.variants().map(toVariant) }),
    },
    {
      method: 'get',
      path: '/experiments',
      summary: 'The A/B experiments and how their arms do since the start.',
      response: experimentsSchema,
      errors: [],
      handle: (exchange) => sendJson(exchange, { experiments: gateway.experiments() }),
    },
    {
      method: 'get',
      path: '/livez',
      summary: 'Whether the process answers.',
      response: liveSchema,
      errors: [],
      handle: live,
    },
    {
      method: 'get',
      path: '/readyz',
      summary: 'Whether requests are served, and what is missing.',
      response: readinessSchema,
      errors: ['not_ready', 'draining'],
      handle: ready(gateway),
    },
    {
      method: 'get',
      path: '/metrics',
      summary: 'Metrics in the text format of Prometheus.',
      response: 'text/plain',
      errors: [],
      handle: metricsText(metrics),
    },
  ];
}

/** Says that the process answers; never depends on load or models. */
function live(exchange: Exchange): void {
  sendJson(exchange, { status: 'ok' });
}

/** 200 where requests are served, else a problem that tells what is missing. */
function ready(gateway: GatewayPort): (exchange: Exchange) => void {
  return (exchange) => {
    const facts = gateway.readiness();
    const view = toReadiness(facts);
    if (facts.ready) {
      sendJson(exchange, view);
      return;
    }
    const failure = facts.draining
      ? errors.draining(RETRY_AFTER_MS)
      : errors.notReady(RETRY_AFTER_MS);
    for (const [name, value] of problemHeaders(failure)) exchange.res.setHeader(name, value);
    const body = JSON.stringify({ ...problemOf(failure), ...view });
    send(exchange, body, { status: statusOf(failure.code), type: PROBLEM_TYPE });
  };
}

function metricsText(metrics: Metrics): (exchange: Exchange) => Promise<void> {
  return async (exchange) => send(exchange, await metrics.render(), { type: metrics.contentType });
}

function toReadiness(facts: ReadinessFacts) {
  const { ready, draining, variants, workerLayout } = facts;
  const { requested, active, detail } = facts.executionProvider;
  return {
    ready,
    draining,
    variants: variants.map(({ name, state, detail }) => ({ name, state, detail })),
    execution_provider: { requested, active, detail },
    worker_layout: toLayout(workerLayout),
  };
}

function toLayout(layout: ReadinessFacts['workerLayout']) {
  if (layout === undefined) return null;
  const { workers, threads, chosenBy } = layout;
  return { workers, threads, chosen_by: chosenBy };
}

function toCalibration(calibration: CalibrationFacts | undefined) {
  if (calibration === undefined) return null;
  const { temperature, expectedCalibrationError } = calibration;
  return { temperature, expected_calibration_error: expectedCalibrationError.entity.test.after };
}

function toVariant({ name, state, card, profile, provider, detail }: VariantFacts) {
  return {
    name,
    state,
    quality: card?.quality?.value ?? null,
    quality_source: card?.quality?.source ?? null,
    profile: profile === undefined ? null : { a: profile.a, b: profile.b, c: profile.c },
    precision: card?.recipe.precision ?? null,
    parent: card?.parent ?? null,
    provider: provider ?? null,
    labels: card?.labels ?? [],
    parameters: card?.parameters ?? null,
    size_bytes: card?.sizeBytes ?? null,
    sha256: card?.sha256 ?? null,
    calibration: toCalibration(card?.calibration),
    description: card?.description ?? null,
    detail,
  };
}
