import { WorkerPool, type WorkerPoolOptions } from '../runtime/worker-pool.js';
import { trialPools, type LayoutFigure, type WorkerLayout } from '../runtime/worker-layout.js';
import { CoreWaits } from './core-waits.js';
import { LayoutTrial, type TrialTools } from './layout-trial.js';
import { median } from '../scheduling/median.js';
import type { Card } from '../registry/card.js';
import type { coreWaitMs } from '../runtime/core-wait.js';
import type { LoadVariant } from '../runtime/protocol.js';
import type { Logger } from '../telemetry/logger.js';

export interface LayoutMeasuringOptions extends TrialTools {
  readonly layouts: readonly WorkerLayout[];
  readonly cores: number;
  /** What is run: a few variants of one family that stand for all. */
  readonly cards: readonly Card[];
  /** What a worker of so many threads loads for them. */
  readonly load: (threads: number) => readonly LoadVariant[];
  readonly hostPath: WorkerPoolOptions['hostPath'];
  readonly logger: Logger;
  /** Replaced in tests. */
  readonly coreWaitMs?: typeof coreWaitMs;
  /** Ends the measurement early, once its workers are gone. */
  readonly signal: AbortSignal;
}

/** Of the whole measurement, workers' starts included. Slow variants take longer: each is run once on every worker. */
const TIME_LIMIT_MS = 1_900;
const SLICE_MS = 50;
const WARM_UP_SLICE_MS = 20;
const MIN_ROUNDS = 2;
const MAX_ROUNDS = 5;

interface OpenPool {
  readonly pool: WorkerPool;
  readonly layouts: readonly WorkerLayout[];
}

/** One layout's samples: by round, the answers per second of each variant. */
interface Samples {
  readonly layout: WorkerLayout;
  readonly rounds: number[][];
}

/**
 * Answers per second of each layout under load as in service: the median over rounds of the geometric mean over
 * variants, so that a gain of 10 % counts alike for a slow variant and a fast one. Rejects where a variant cannot be
 * loaded, a worker dies, a run fails or other work takes the cores, and with the signal's reason. No worker is left.
 */
export async function measureLayouts(options: LayoutMeasuringOptions): Promise<LayoutFigure[]> {
  const { layouts, cards, now, signal } = options;
  const startedAt = now();
  const trial = await LayoutTrial.with(cards[0]!, options);
  await trial.fill(Math.max(...layouts.map(({ workers }) => workers)));
  const groups = trialPools(layouts);
  const samples: Samples[] = [];
  for (const [index, group] of groups.entries()) {
    signal.throwIfAborted();
    const pools: OpenPool[] = group.map(({ workers, threads, layouts: shown }) => ({
      pool: poolOf({ workers, threads }, options),
      layouts: shown,
    }));
    try {
      await Promise.all(pools.map(({ pool }) => pool.start()));
      const endsAt = startedAt + (TIME_LIMIT_MS * (index + 1)) / groups.length;
      samples.push(...(await runRounds(pools, { ...options, trial, endsAt })));
    } finally {
      await Promise.all(pools.map(({ pool }) => pool.close()));
    }
  }
  return samples.map(({ layout, rounds }) => ({
    ...layout,
    answersPerSecond: median(rounds.map(geometricMean)),
  }));
}

function poolOf(layout: WorkerLayout, options: LayoutMeasuringOptions): WorkerPool {
  const { hostPath, load, logger } = options;
  return new WorkerPool({
    workers: layout.workers,
    hostPath,
    variants: load(layout.threads),
    logger,
    onFree: () => undefined,
    onRestart: () => undefined,
    onVariantFailed: () => undefined,
  });
}

/** Slices of all layouts and variants in turn, the first round to warm up, as long as one more round fits. */
async function runRounds(
  pools: readonly OpenPool[],
  options: LayoutMeasuringOptions & { trial: LayoutTrial; endsAt: number },
): Promise<Samples[]> {
  const { cards, cores, trial, now, endsAt, signal } = options;
  const missing = cards.find(({ name }) =>
    pools.some(({ pool }) => pool.providerOf(name) === undefined),
  );
  if (missing !== undefined) throw new Error(`${missing.name} could not be loaded`);
  const shown = pools.flatMap(({ pool, layouts }) =>
    layouts.map((layout) => ({ pool, layout, rounds: [] as number[][] })),
  );
  const waits = new CoreWaits({ cores, now, timeOf: options.coreWaitMs });
  let roundMs = 0;
  for (let round = 0; round <= MAX_ROUNDS; round += 1) {
    if (round > MIN_ROUNDS && now() + roundMs > endsAt) break;
    const roundAt = now();
    for (const { pool, layout, rounds } of shown) {
      const rates: number[] = [];
      for (const { name } of cards) {
        signal.throwIfAborted();
        const sliceMs = round === 0 ? WARM_UP_SLICE_MS : SLICE_MS;
        const { workers } = layout;
        const slice = () => trial.answersPerSecond(pool, { variant: name, workers, sliceMs });
        rates.push(await (round === 0 ? slice() : waits.during(slice, layout, pool)));
      }
      if (round > 0) rounds.push(rates);
    }
    waits.check();
    roundMs = now() - roundAt;
  }
  return shown;
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
