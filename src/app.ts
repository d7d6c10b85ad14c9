import { fileURLToPath } from 'node:url';
import { recipeSchema } from './compress/recipe.js';
import { Experiments } from './experiments/experiments.js';
import { activateVariants } from './gateway/activate-variants.js';
import { autoFit } from './gateway/auto-fit.js';
import { Cascade } from './gateway/cascade.js';
import { Dispatcher } from './gateway/dispatcher.js';
import { Families, familyFacts } from './gateway/families.js';
import { Gateway } from './gateway/gateway.js';
import { planLoading } from './gateway/load-plan.js';
import {
  checkActive,
  checkExperiments,
  checkLoadable,
  failures,
  tiersWithoutCascade,
} from './gateway/start-checks.js';
import { BuiltFiles } from './gateway/built-files.js';
import { settleLayout, type SettledLayout } from './gateway/settle-layout.js';
import { ResultCache } from './gateway/result-cache.js';
import { TextAnswerer } from './gateway/text-answerer.js';
import { VariantUsage } from './gateway/variant-usage.js';
import { variantServices, type VariantServices } from './gateway/variant-services.js';
import { closeServer } from './http/close-server.js';
import { listen, urlOf } from './http/listen.js';
import { openLoopback } from './http/loopback.js';
import { createHttpServer } from './http/server.js';
import { openTokenizer } from './registry/card-tokenizer.js';
import { familyOf } from './registry/family-of.js';
import { hostFacts } from './registry/host-facts.js';
import { MeasurementStore } from './registry/measurement-store.js';
import { readModels, verifiedTokenizerPath } from './registry/read-models.js';
import { chooseProvider } from './runtime/choose-provider.js';
import { cudaHost } from './runtime/cuda-diagnosis.js';
import { runtimeVersion } from './runtime/runtime-version.js';
import { WorkerPool } from './runtime/worker-pool.js';
import { Scheduler, type SchedulerOptions } from './scheduling/scheduler.js';
import { createMetrics } from './telemetry/metrics.js';
import type { Server } from 'node:http';
import type { Config } from './config.js';
import type { AdminPort } from './http/admin-port.js';
import type { Card } from './registry/card.js';
import type { Logger } from './telemetry/logger.js';

/** What a person wants to know once the gateway serves. */
export interface ReadySummary {
  readonly url: string;
  readonly variants: readonly { readonly name: string; readonly quality: number | undefined }[];
  readonly failed: readonly { readonly name: string; readonly detail: string }[];
  readonly workers: number;
  readonly threads: number;
  readonly provider: string;
  readonly providerDetail: string | undefined;
}

export interface App {
  readonly server: Server;
  /** Opens the port: health and metrics answer from now on. */
  listen(): Promise<{ host: string; port: number }>;
  /** Loads and measures the variants, then lets requests in. Rejects with StartError where none can serve. */
  ready(): Promise<ReadySummary>;
  /** Takes no more and finishes what is accepted; what is not finished within `drainTimeoutMs` is cut off. */
  drain(): Promise<void>;
  /** Drains, then ends the workers. */
  close(): Promise<void>;
}

/** Builds everything from the configuration. Rejects with StartError or ModelsError; nothing runs before `listen`. */
export async function createApp({
  config,
  logger,
  schedulerOf = (options) => new Scheduler(options),
  admin: administered,
}: {
  config: Config;
  logger: Logger;
  /** Builds the scheduler: load tests compare ours with others in its place. */
  schedulerOf?: (options: SchedulerOptions) => Scheduler;
  /** In the place of what makes and unmakes variants; served over HTTP where there is a key. */
  admin?: AdminPort;
}): Promise<App> {
  const now = (): number => performance.now();
  const metrics = createMetrics();
  const facts = hostFacts();
  const providerPlan = chooseProvider(config.executionProvider, cudaHost(config.libraryPath));
  if (providerPlan.detail !== undefined)
    logger.info({ detail: providerPlan.detail }, 'serving on the CPU');

  const registry = await readModels(config.modelsDir);
  checkLoadable(registry);
  checkExperiments(config, registry);

  const hostPath = fileURLToPath(new URL('./runtime/worker-host.js', import.meta.url));
  const store = new MeasurementStore(config.profilesDir);
  let layout: SettledLayout | undefined;
  let settling: Promise<SettledLayout> | undefined;
  const closing = new AbortController();
  const scheduler = schedulerOf({
    // None until their layout is settled.
    workers: 0,
    maxQueuedTokens: config.limits.maxQueuedTokens,
    // The answerer measures what it needs after inference and shortens each deadline by it.
    reserveMs: 0,
    mechanisms: config.scheduling,
  });
  let cudaFailure: string | undefined;
  const pool = new WorkerPool({
    workers: 0,
    hostPath,
    variants: [],
    logger,
    onFree: () => dispatcher.pump(),
    onRestart: (reason) => metrics.workerRestarts.inc({ reason }),
    onVariantFailed: (name, failure, detail) => {
      logger.error({ variant: name, failure, detail }, 'a variant cannot be loaded');
      roster.fail(name, detail);
      if (failure === 'provider_unavailable') cudaFailure ??= detail;
    },
  });
  const dispatcher = new Dispatcher({
    scheduler,
    pool,
    now,
    metrics,
    logger,
  });
  const cascade = new Cascade({ dispatcher, now });
  const cache = new ResultCache(config.cacheBytes);
  const families = new Families({
    registry,
    tokenizerOf: async (card) =>
      openTokenizer(card, await verifiedTokenizerPath(config.modelsDir, card)),
    answererOf: (cards, tokenizer) =>
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
  await families.open();
  const tokenizerOf = (card: Card) =>
    families.of({ name: card.name, family: familyOf(card) }).tokenizer;
  const experiments = new Experiments(config.experiments);
  const usage = new VariantUsage(now);
  const gateway: Gateway = new Gateway({
    registry,
    experiments,
    families,
    provider: () => {
      const gpu = registry.active().some(({ provider }) => provider === 'cuda');
      const { requested, detail } = providerPlan;
      return { requested, active: gpu ? 'cuda' : 'cpu', detail };
    },
    layout: () => layout,
    metrics,
    isOnItsWay: (name) => roster.isOnItsWay(name),
    onAnswer: (variant) => usage.record(variant),
    now,
  });
  const padIdOf = (card: Card): number => tokenizerOf(card).padId;
  const { roster, admin }: VariantServices = variantServices({
    ...{ registry, pool, scheduler, metrics, config, experiments, usage, now, logger },
    inFlight: gateway.inFlight,
    loading: { providers: providerPlan.order, padIdOf },
    threads: () => layout?.threads,
    openFamily: (card) => families.openFor(card),
  });
  const http = { gateway, metrics, config, logger, now, closing: closing.signal };
  const { adminKey: key } = config;
  const port: AdminPort = administered ?? admin;
  const administration = key === '' ? undefined : { port, key, recipe: recipeSchema };
  const server = createHttpServer({ ...http, admin: administration });
  let drained: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    // New requests on open connections are refused from here on, accepted ones are answered.
    void gateway.drain();
    closing.abort();
    const finished = await closeServer(server, config.drainTimeoutMs);
    if (!finished) logger.warn('requests were cut off: the drain took too long');
  };

  return {
    server,
    listen: () => listen(server, config),
    ready: async () => {
      const { order: providers } = providerPlan;
      settling = settleLayout({
        wanted: config,
        registry,
        providers,
        store,
        host: { ...facts, runtime: `onnxruntime-node ${runtimeVersion()}` },
        openExchange: () => openLoopback(config),
        hostPath,
        tokenizer: families.default.tokenizer,
        now,
        logger,
        signal: closing.signal,
      });
      layout = await settling;
      const { workers, threads } = layout;
      scheduler.setWorkers(workers);
      await BuiltFiles.sweep();
      const variants = planLoading(registry, { providers, padIdOf, threads });
      await pool.start({ workers, variants });
      const runtime = `onnxruntime-node ${pool.runtimeVersion}`;
      const host = { ...facts, workers, threads, runtime };
      await activateVariants({ registry, pool, store, host, tokenizerOf, now, logger });
      checkActive(registry, cudaFailure);
      roster.publish();
      const uncascaded = tiersWithoutCascade(config, registry);
      if (uncascaded.length > 0) {
        const why = 'no variant with a calibration on its card is cheaper than a better one';
        logger.warn({ tiers: uncascaded }, `these tiers ask for a cascade, but ${why}`);
      }
      gateway.open();
      void autoFit({ config, registry, admin, logger });
      return {
        url: urlOf(server),
        variants: registry
          .active()
          .map(({ name, card: { quality } }) => ({ name, quality: quality?.value })),
        failed: failures(registry),
        workers,
        threads,
        provider: gateway.readiness().executionProvider.active,
        providerDetail: providerPlan.detail,
      };
    },
    drain: () => (drained ??= drain()),
    close: async () => {
      await (drained ??= drain());
      // Its workers end before this process does.
      await settling?.catch(() => undefined);
      await Promise.all([admin.close(), pool.close()]);
    },
  };
}
