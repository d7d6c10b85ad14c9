import path from 'node:path';
import { pino } from 'pino';
import { Experiments } from '../../src/experiments/experiments.js';
import { Cascade } from '../../src/gateway/cascade.js';
import { Dispatcher } from '../../src/gateway/dispatcher.js';
import { Families, familyFacts } from '../../src/gateway/families.js';
import { Gateway } from '../../src/gateway/gateway.js';
import { ResultCache } from '../../src/gateway/result-cache.js';
import { TextAnswerer } from '../../src/gateway/text-answerer.js';
import { TextTokenizer } from '../../src/ner/tokenizer.js';
import { VariantRegistry } from '../../src/registry/variant-registry.js';
import { WorkerPool } from '../../src/runtime/worker-pool.js';
import { Scheduler } from '../../src/scheduling/scheduler.js';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.js';
import { calibrationOf, cardOf, LABELS } from './cards.js';
import type { Card } from '../../src/registry/card.js';
import type { Config } from '../../src/config.js';
import type { NerRequest } from '../../src/gateway/ner-request.js';
import type { LatencyProfile } from '../../src/scheduling/task.js';

/** A variant of a test: what the router believes of it. */
export interface TestVariant {
  readonly f1: number;
  readonly profile: LatencyProfile;
  /** Absent: its card has no calibration. */
  readonly temperature?: number;
  /** What its card says otherwise. */
  readonly card?: Partial<Card>;
}

export interface TestGateway {
  readonly gateway: Gateway;
  readonly registry: VariantRegistry;
  readonly pool: WorkerPool;
  readonly dispatcher: Dispatcher;
  readonly metrics: Metrics;
  close(): Promise<void>;
}

export const VARIANTS: Record<string, TestVariant> = {
  full: { f1: 0.93, profile: { a: 20, b: 0.1, c: 0 } },
  small: { f1: 0.88, profile: { a: 1, b: 0.01, c: 0 } },
};

/** A whole gateway but for HTTP, over fake workers whose logits follow the token ids. */
export async function startGateway(options: {
  variants?: Record<string, TestVariant>;
  workers?: number;
  cacheBytes?: number;
  experiments?: Config['experiments'];
}): Promise<TestGateway> {
  const { variants = VARIANTS, workers = 1, cacheBytes = 1_000_000, experiments = [] } = options;
  const now = (): number => performance.now();
  const metrics = createMetrics();
  const logger = pino({ level: 'silent' });
  const tokenizer = TextTokenizer.fromFile('models/tokenizer/tokenizer.json');
  const registry = new VariantRegistry();
  const scheduler = new Scheduler({ workers, maxQueuedTokens: 100_000, reserveMs: 0 });
  const pool = new WorkerPool({
    workers,
    hostPath: path.join(import.meta.dirname, 'fake-worker-host.js'),
    variants: Object.keys(variants).map((name) => ({
      name,
      path: 'good',
      sha256: '',
      labelCount: variants[name]!.card?.labels?.length ?? LABELS.length,
      padId: tokenizer.padId,
      providers: ['cpu'],
      threads: 1,
    })),
    logger,
    onFree: () => dispatcher.pump(),
    onRestart: (reason) => metrics.workerRestarts.inc({ reason }),
    onVariantFailed: () => undefined,
  });
  const dispatcher = new Dispatcher({
    scheduler,
    pool,
    now,
    metrics,
    logger,
  });
  const cascade = new Cascade({ dispatcher, now });
  const cache = new ResultCache(cacheBytes);
  const families = new Families({
    registry,
    tokenizerOf: () => Promise.resolve(tokenizer),
    answererOf: (cards) =>
      new TextAnswerer({
        ...familyFacts(cards),
        tokenizer,
        dispatcher,
        cascade,
        cache,
        metrics,
        now,
      }),
  });
  const gateway = new Gateway({
    registry,
    experiments: new Experiments(experiments),
    families,
    provider: () => ({ requested: 'auto', active: 'cpu', detail: undefined }),
    layout: () => ({ workers, threads: 1, chosenBy: 'configuration' }),
    metrics,
    now,
  });
  await pool.start();
  for (const [name, { f1, temperature, card }] of Object.entries(variants)) {
    const calibrated = temperature === undefined ? {} : { calibration: calibrationOf(temperature) };
    registry.add(name, { ...cardOf(name, f1), ...calibrated, ...card }, 'good');
  }
  await families.open();
  for (const [name, { profile }] of Object.entries(variants)) {
    registry.activate(name, { provider: 'cpu', profile });
  }
  scheduler.setVariants(
    Object.entries(variants).map(([name, { f1, profile }]) => ({ name, quality: f1, profile })),
  );
  gateway.open();
  return { gateway, registry, pool, dispatcher, metrics, close: () => pool.close() };
}

/** A request as HTTP would hand it over, with the defaults of the API. */
export function requestOf(change: Partial<NerRequest> = {}): NerRequest {
  return {
    requestId: 'test',
    texts: ['Angela Merkel visited London.'],
    batched: false,
    arrivalAt: performance.now(),
    budgetMs: 2_000,
    tier: 'custom',
    onMiss: 'degrade',
    cascade: undefined,
    criticality: 'default',
    minF1: undefined,
    variant: undefined,
    experimentKey: undefined,
    labels: undefined,
    threshold: 0,
    aggregation: 'viterbi',
    offsetUnit: 'codepoint',
    overflow: 'chunk',
    noCache: false,
    signal: new AbortController().signal,
    ...change,
  };
}
