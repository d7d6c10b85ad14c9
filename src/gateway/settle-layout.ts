import { createHash } from 'node:crypto';
import { layOutWorkers, candidateLayouts, chooseLayout } from '../runtime/worker-layout.js';
import { planLoading, type LoadPlanOptions } from './load-plan.js';
import { measureLayouts, type LayoutMeasuringOptions } from './measure-layouts.js';
import type { Card } from '../registry/card.js';
import type { LayoutHost, MeasurementStore } from '../registry/measurement-store.js';
import type { VariantRegistry } from '../registry/variant-registry.js';
import type { LayoutFigure, WantedLayout, WorkerLayout } from '../runtime/worker-layout.js';

/** The layout that serves, and who chose it. */
export interface SettledLayout extends WorkerLayout {
  readonly chosenBy: 'configuration' | 'measurement' | 'rule';
}

export interface SettleLayoutOptions extends Omit<
  LayoutMeasuringOptions,
  'layouts' | 'cores' | 'cards' | 'load' | 'exchange'
> {
  readonly wanted: WantedLayout;
  readonly registry: VariantRegistry;
  readonly providers: LoadPlanOptions['providers'];
  readonly store: MeasurementStore;
  readonly host: Omit<LayoutHost, 'provider'>;
  /** Opened for a measurement only. */
  readonly openExchange: () => Promise<{
    exchange: LayoutMeasuringOptions['exchange'];
    close(): Promise<void>;
  }>;
}

/** Raised whenever kept outcomes should be forgotten, because what is measured has changed. */
const METHOD = 1;

/**
 * The layout of the configuration where it names workers or threads; else the one that was measured to answer the
 * most, now or at an earlier start on such a host with these models. The rule decides about what the configuration leaves open, on
 * a GPU, on a single core, and where the measurement fails. Rejects with the signal's reason only.
 */
export async function settleLayout(options: SettleLayoutOptions): Promise<SettledLayout> {
  const { wanted, host, providers, logger, signal } = options;
  const ruled = layOutWorkers(wanted, { cores: host.cores, gpu: providers[0] === 'cuda' });
  if (wanted.workers !== 'auto' || wanted.threads !== 'auto') {
    return { ...ruled, chosenBy: 'configuration' };
  }
  const layouts = candidateLayouts(host.cores);
  if (providers[0] === 'cuda' || layouts.length === 1) return { ...ruled, chosenBy: 'rule' };
  try {
    const { workers, threads } = await measured(layouts, options);
    return { workers, threads, chosenBy: 'measurement' };
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ err: error, ...ruled }, 'worker layouts cannot be measured; a rule chose one');
    return { ...ruled, chosenBy: 'rule' };
  }
}

async function measured(
  layouts: readonly WorkerLayout[],
  options: SettleLayoutOptions,
): Promise<WorkerLayout> {
  const { registry, store, host, providers, logger, now } = options;
  const key = { ...host, provider: providers.join(' ') };
  const digest = digestOf(registry);
  const known = await store.readLayout(key, digest);
  if (known !== undefined) return known;

  const startedAt = now();
  logger.info({ layouts: layouts.map(labelOf) }, 'measuring worker layouts, once on this host');
  const figures = await measureNow(layouts, options);
  const chosen = chooseLayout(figures);
  const seconds = Number(((now() - startedAt) / 1000).toFixed(1));
  const answersPerSecond = Object.fromEntries(
    figures.map((figure) => [labelOf(figure), Math.round(figure.answersPerSecond)]),
  );
  logger.info({ answersPerSecond, seconds }, `chose ${labelOf(chosen)} (workers x threads)`);
  try {
    const { workers, threads } = chosen;
    const measuredAt = new Date().toISOString();
    await store.writeLayout(key, digest, { workers, threads, figures, measuredAt });
  } catch (error) {
    logger.warn({ err: error }, 'the layout cannot be kept; the next start measures again');
  }
  return chosen;
}

async function measureNow(
  layouts: readonly WorkerLayout[],
  options: SettleLayoutOptions,
): Promise<LayoutFigure[]> {
  const { registry, host, providers, tokenizer, openExchange } = options;
  const cards = representatives(loadable(registry));
  const names = cards.map(({ name }) => name);
  const http = await openExchange();
  try {
    return await measureLayouts({
      ...options,
      layouts,
      cores: host.cores,
      cards,
      exchange: (text) => http.exchange(text),
      load: (threads) =>
        planLoading(registry, { providers, padIdOf: () => tokenizer.padId, threads }).filter(
          ({ name }) => names.includes(name),
        ),
    });
  } finally {
    await http.close();
  }
}

/** The largest variant and the one in the middle, by the size of their files: the only sign of speed before a measurement. */
export function representatives(cards: readonly Card[]): Card[] {
  const bySize = [...cards].sort((left, right) => left.sizeBytes - right.sizeBytes);
  return [...new Set([bySize[(bySize.length - 1) >> 1]!, bySize.at(-1)!])];
}

/** Of the family that answers requests which name no variant. */
function loadable(registry: VariantRegistry): Card[] {
  const { defaultFamily } = registry;
  return registry
    .list()
    .filter(({ state, family }) => state === 'loading' && family === defaultFamily)
    .flatMap(({ card }) => card ?? []);
}

/** Of all that could change the outcome beside the host: every model that may be loaded, and how it is measured. */
function digestOf(registry: VariantRegistry): string {
  const models = loadable(registry).map(({ name, sha256 }) => [name, sha256]);
  return createHash('sha256')
    .update(JSON.stringify([METHOD, models]))
    .digest('hex');
}

function labelOf({ workers, threads }: WorkerLayout): string {
  return `${workers} x ${threads}`;
}
