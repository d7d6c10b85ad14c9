import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { declareEventLoopDelay } from './event-loop-delay.js';
import type { LabelledCounter, LabelledGauge, LabelledHistogram } from './labelled-metrics.js';

/** How long each phase of one text took, ms. */
export interface PhaseMillis {
  readonly tokenizeMs: number;
  readonly queueMs: number;
  readonly inferenceMs: number;
  readonly decodeMs: number;
}

export interface MetricDescription {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

interface Declared {
  readonly name: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** Seconds. The edges of the default tiers are among them, so that the share within a budget is exact. */
const DURATION_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.15, 0.2, 0.35, 0.5, 1, 2, 5, 10, 30,
];
const PHASE_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30,
];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128];
const PADDING_BUCKETS = [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5];
/** Measured over predicted: 1 is a perfect prediction. */
const ERROR_BUCKETS = [0.25, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5, 2, 3, 5, 10];

/**
 * Every metric of the gateway, declared once, with a registry of its own. Never a text or a key in a label. Those of the
 * process watch it as long as it lives; whoever needs the others for a moment leaves them out.
 */
export function createMetrics({ ofProcess = true }: { ofProcess?: boolean } = {}) {
  const registry = new Registry();
  const registers = [registry];
  if (ofProcess) {
    collectDefaultMetrics({ register: registry });
    declareEventLoopDelay(registry);
  }

  const phaseDuration = new Histogram({
    name: 'entier_phase_duration_seconds',
    help: 'Time one text spent in a phase: tokenize, queue, inference or decode.',
    labelNames: ['variant', 'phase'],
    buckets: PHASE_BUCKETS,
    registers,
  });
  const observePhase = (variant: string, phase: string, millis: number): void =>
    phaseDuration.observe({ variant, phase }, millis / 1000);

  return {
    requests: new Counter({
      name: 'entier_requests_total',
      help: 'HTTP requests by route, answering variant (none where there was none) and status code.',
      labelNames: ['route', 'variant', 'code'],
      registers,
    }) as LabelledCounter<{ route: string; variant: string; code: string | number }>,

    streamDocuments: new Counter({
      name: 'entier_stream_documents_total',
      help: 'Documents of POST /ner/stream: answered, or failed with an error in their line.',
      labelNames: ['result'],
      registers,
    }) as LabelledCounter<{ result: 'answered' | 'failed' }>,

    openStreams: new Gauge({
      name: 'entier_open_streams',
      help: 'Streams of POST /ner/stream that are open; limits.maxStreams bounds them.',
      registers,
    }),

    requestDuration: new Histogram({
      name: 'entier_request_duration_seconds',
      help: 'Time from the arrival of a recognition request, or of a line of a stream, to its answer.',
      labelNames: ['variant', 'tier'],
      buckets: DURATION_BUCKETS,
      registers,
    }) as LabelledHistogram<{ variant: string; tier: string }>,

    /** Takes milliseconds, as the phase clocks do; the metric is in seconds. */
    observePhases(variant: string, phases: PhaseMillis): void {
      observePhase(variant, 'tokenize', phases.tokenizeMs);
      observePhase(variant, 'queue', phases.queueMs);
      observePhase(variant, 'inference', phases.inferenceMs);
      observePhase(variant, 'decode', phases.decodeMs);
    },

    decisions: new Counter({
      name: 'entier_decisions_total',
      help: 'Texts by the variant that answered and why it was chosen.',
      labelNames: ['variant', 'reason'],
      registers,
    }) as LabelledCounter<{ variant: string; reason: string }>,

    budget: new Counter({
      name: 'entier_budget_total',
      help: 'Texts by tier and by what became of their latency budget: met, missed or shed.',
      labelNames: ['tier', 'result'],
      registers,
    }) as LabelledCounter<{ tier: string; result: 'met' | 'missed' | 'shed' }>,

    budgetByCriticality: new Counter({
      name: 'entier_budget_by_criticality_total',
      help: 'Texts by criticality and by what became of their latency budget: met, missed or shed.',
      labelNames: ['criticality', 'result'],
      registers,
    }) as LabelledCounter<{ criticality: string; result: 'met' | 'missed' | 'shed' }>,

    displaced: new Counter({
      name: 'entier_displaced_total',
      help: 'Waiting texts that gave way to more critical ones: late to be answered late, or shed.',
      labelNames: ['criticality', 'result'],
      registers,
    }) as LabelledCounter<{ criticality: string; result: 'late' | 'shed' }>,

    queueDepth: new Gauge({
      name: 'entier_queue_depth',
      help: 'Jobs that wait for a worker.',
      registers,
    }),

    queueDelay: new Histogram({
      name: 'entier_queue_delay_seconds',
      help: 'Time from the arrival of a request to the start of the batch that its job ran in.',
      buckets: PHASE_BUCKETS,
      registers,
    }),

    batchJobs: new Histogram({
      name: 'entier_batch_jobs',
      help: 'Jobs that ran together.',
      buckets: BATCH_BUCKETS,
      registers,
    }),

    batchPaddingRatio: new Histogram({
      name: 'entier_batch_padding_ratio',
      help: 'Share of the tokens of a batch that are padding.',
      buckets: PADDING_BUCKETS,
      registers,
    }),

    predictionErrorRatio: new Histogram({
      name: 'entier_prediction_error_ratio',
      help: 'Measured over predicted run time of a batch; 1 is a perfect prediction.',
      labelNames: ['variant'],
      buckets: ERROR_BUCKETS,
      registers,
    }) as LabelledHistogram<{ variant: string }>,

    slowdownRatio: new Gauge({
      name: 'entier_slowdown_ratio',
      help: 'How much slower the host is now than when the latency profiles were fitted.',
      registers,
    }),

    priceOfTime: new Gauge({
      name: 'entier_price_of_time',
      help: 'F1 that a millisecond of a worker must bring; 0 while capacity is idle.',
      registers,
    }),

    cacheLookups: new Counter({
      name: 'entier_cache_lookups_total',
      help: 'Texts by what the result cache said: hit, miss, shared or bypass.',
      labelNames: ['result'],
      registers,
    }) as LabelledCounter<{ result: 'hit' | 'miss' | 'shared' | 'bypass' }>,

    cascades: new Counter({
      name: 'entier_cascade_total',
      help: 'Texts with policy cascade by what became of it: sufficed, improved, no_slack, cut_off, one_stage, unavailable or cached.',
      labelNames: ['outcome'],
      registers,
    }) as LabelledCounter<{ outcome: string }>,

    experimentRequests: new Counter({
      name: 'entier_experiment_requests_total',
      help: 'Requests by experiment and arm.',
      labelNames: ['experiment', 'arm'],
      registers,
    }) as LabelledCounter<{ experiment: string; arm: string }>,

    workerRestarts: new Counter({
      name: 'entier_worker_restarts_total',
      help: 'Workers that were replaced, by why: crashed or hung.',
      labelNames: ['reason'],
      registers,
    }) as LabelledCounter<{ reason: string }>,

    variantInfo: new Gauge({
      name: 'entier_variant_info',
      help: 'Always 1: a variant that serves, its precision, execution provider and F1 on validation.',
      labelNames: ['variant', 'precision', 'provider', 'f1'],
      registers,
    }) as LabelledGauge<{ variant: string; precision: string; provider: string; f1: string }>,

    variants: new Gauge({
      name: 'entier_variants',
      help: 'Variants by state; warm ones are loaded in all workers and get no work.',
      labelNames: ['state'],
      registers,
    }) as Pick<LabelledGauge<{ state: string }>, 'set'>,

    builds: new Counter({
      name: 'entier_variant_builds_total',
      help: 'Builds of variants that have ended, by how: active, ready, cancelled, failed or gate_failed.',
      labelNames: ['result'],
      registers,
    }) as LabelledCounter<{ result: string }>,

    buildDuration: new Histogram({
      name: 'entier_build_duration_seconds',
      help: 'From the beginning of a build until its variant was ready; those that failed are not in it.',
      buckets: [0.5, 1, 1.5, 2, 2.5, 3, 5, 10, 30, 60, 120],
      registers,
    }),

    jobsAbandoned: new Counter({
      name: 'entier_jobs_abandoned_total',
      help: 'Jobs dropped because their caller was gone.',
      registers,
    }),

    /** The text of `GET /metrics` and its content type. */
    contentType: registry.contentType,
    render: (): Promise<string> => registry.metrics(),
    /** What there is, for the documentation. */
    describe: (): MetricDescription[] =>
      registry.getMetricsAsArray().map((metric) => {
        // prom-client's types leave out what each of its metrics has.
        const { name, type, labelNames } = metric as unknown as Declared;
        return { name, type, labels: labelNames };
      }),
  } as const;
}

export type Metrics = ReturnType<typeof createMetrics>;
